import { readFileSync } from 'node:fs';
import { youngGenerationFlags } from '@relais/platform/young-generation';
import type { Command } from '../framework/command.js';
import { platformFailure } from '../framework/platform-failure.js';

export const up: Command = {
  name: 'up',
  summary: 'run the platform, or some of its roles',
  details: 'Every setting is a flag, a RELAIS_ variable and a key of relais.config.json; --help lists them.',
  examples: [
    { line: 'relais up', does: 'run everything on http://127.0.0.1:8080, data in ./.relais' },
    { line: 'relais up --port 9000 --data /var/lib/relais --workers 8', does: 'on another port, with more workers' },
  ],
  remote: false,
  ownFlags: true,
  async run({ raw }) {
    const asksForHelp = raw.includes('--help') || raw.includes('-h');
    if (!asksForHelp) becomeRoomy();
    // Loaded here: no other command should pay for the whole platform.
    const [kit, platform] = await Promise.all([import('@relais/kit'), import('@relais/platform')]);
    if (asksForHelp) {
      process.stdout.write(
        `Usage: relais up [flags]\n\n${up.details}\n\nFlags:\n${kit.configHelp(platform.platformSchema)}`,
      );
      return undefined;
    }
    try {
      const otherVariables = ['RELAIS_URL', 'RELAIS_KEY', 'RELAIS_DEBUG'];
      const sources = { argv: raw, env: process.env, readFile, otherVariables };
      const config = kit.loadConfig(platform.platformSchema, sources);
      const say = (line: string) => void process.stdout.write(`${line}\n`);
      return await platform.up(config, { say, isTerminal: process.stdout.isTTY === true, onStopRequest });
    } catch (thrown) {
      throw await platformFailure(thrown);
    }
  },
};

/** Becomes a process with the flags of Node for one that every call passes through, unless whoever started it gave such flags. */
function becomeRoomy(): void {
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ''];
  if (given.some((text) => text.includes('semi-space-size'))) return;
  process.execve?.(process.execPath, [
    process.execPath,
    ...youngGenerationFlags,
    ...process.execArgv,
    ...process.argv.slice(1),
  ]);
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function onStopRequest(callback: () => void): void {
  let asked = false;
  const ask = () => {
    if (asked) process.exit(1);
    asked = true;
    callback();
  };
  process.on('SIGINT', ask);
  process.on('SIGTERM', ask);
}
