#!/usr/bin/env node
import { RelaisError } from '@relais/sdk';
import { commands } from './commands/table.js';
import { exitCodeOf, exitCodes } from './framework/exit-codes.js';
import { choose, type ProgramFacts, usageOf } from './framework/program.js';
import { terminal } from './framework/terminal.js';
import { complaint, complaintJson } from './output/complaint.js';
import { paintFor } from './output/paint.js';
import { releaseVersion } from './version.js';

/** The Node this release comes with; an older one lacks what the platform needs. */
const nodeMajorMin = 24;
const interruptedCode = 130;
/** As a shell counts the end by SIGPIPE, which Node never gets. */
const unreadCode = 141;

const facts: ProgramFacts = {
  version: releaseVersion,
  summary: 'A functions platform you host yourself: source in; URL, typed RPC and trace out.',
  epilogue: [
    'Exit codes:',
    ...exitCodes.map(({ code, when }) => `  ${String(code).padEnd(4)} ${when}`),
    '',
    'Colours are left out with NO_COLOR and where there is no terminal.',
  ].join('\n'),
};

async function main(argv: readonly string[]): Promise<number> {
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
    process.stderr.write(
      `relais: this is Node ${process.version}; start it with "npm start" or "npx relais", which bring Node 24\n`,
    );
    return 2;
  }
  const chosen = await choose(commands, argv, facts);
  if (typeof chosen === 'string') {
    endUnread(false);
    process.stdout.write(chosen);
    return 0;
  }
  const { command, input } = chosen;
  if (!command.run) return 0;
  // A platform goes on without whoever looked at it; everything else was for them.
  endUnread(command.ownFlags === true && command.remote === false);
  const interruption = new AbortController();
  // A platform stops by itself, with what is running; everything else ends here.
  if (!command.ownFlags) process.once('SIGINT', () => interruption.abort());
  const code = await command.run(input, terminal(input, interruption.signal));
  return code ?? 0;
}

/** Says what happens when whoever read the output of this command goes away, or the disk it goes to is full. */
function endUnread(goesOn: boolean): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (goesOn) return;
      if (code === 'EPIPE') process.exit(unreadCode);
      if (stream === process.stdout) process.stderr.write(`relais: the output cannot be written: ${message}\n`);
      process.exit(1);
    });
  }
}

/** Anything thrown, as the one error. What we do not know is a mistake of ours. */
function failureOf(thrown: unknown): RelaisError {
  if (RelaisError.is(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new RelaisError('internal', `This command failed on its own account: ${message}`, {
    reason: 'broken_command',
    component: 'cli',
    cause: thrown,
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  const failure = failureOf(thrown);
  const json = process.argv.includes('--json');
  const usage = usageOf(commands, process.argv.slice(2));
  process.stderr.write(
    json
      ? complaintJson(failure, usage)
      : complaint(failure, paintFor(process.stderr.isTTY === true, process.env), undefined, usage),
  );
  if (process.env.RELAIS_DEBUG) process.stderr.write(`${(thrown as Error).stack}\n`);
  process.exitCode = failure.code === 'cancelled' ? interruptedCode : exitCodeOf(failure);
}
