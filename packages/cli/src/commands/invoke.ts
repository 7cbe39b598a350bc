import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Invocation } from '@relais/sdk';
import type { Command } from '../framework/command.js';
import { noSuchFile, unreadable } from '../framework/failures.js';
import type { Surroundings } from '../framework/surroundings.js';
import { timingsText } from '../output/complaint.js';
import { safeText } from '../output/safe-text.js';
import { durationText } from '../output/units.js';

export const invoke: Command = {
  name: 'invoke',
  summary: 'call a function and print what it answers',
  details: 'The output goes to standard output as it is; what the function logged goes to standard error.',
  arguments: [
    { name: 'REF', describe: 'NAME, NAME@VERSION or an id' },
    { name: 'PAYLOAD', describe: 'what it is given: a text, @FILE or @- for standard input', optional: true },
  ],
  options: [
    { name: 'timeout-ms', value: 'MS', describe: 'how long to wait for the answer; 120000 unless given' },
    { name: 'idempotent', describe: 'the call may be repeated when its worker is lost' },
    { name: 'timing', short: 't', describe: 'say where the time went' },
  ],
  examples: [
    { line: `relais invoke add '{"a":2,"b":3}'`, does: 'call "add" with JSON' },
    { line: 'cat photo.jpg | relais invoke shrink @- > small.jpg', does: 'bytes in, bytes out' },
  ],
  async run(input, io) {
    const payload = await payloadOf(input.optionalArgument('PAYLOAD'), io);
    const timeoutMs = input.count('timeout-ms');
    const answer = await io.client.invoke<string | Uint8Array>(input.argument('REF'), payload, {
      signal: io.interrupted,
      idempotent: input.flag('idempotent'),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    if (io.json) io.report(jsonOf(answer), () => '');
    else show(answer, input.flag('timing'), io);
    return undefined;
  },
};

/** The payload a command line asks for: bytes of a file or of standard input, else the text itself. */
export async function payloadOf(
  text: string | undefined,
  io: Pick<Surroundings, 'cwd' | 'readStdin'>,
): Promise<string | Uint8Array | undefined> {
  if (text === undefined || !text.startsWith('@')) return text;
  if (text === '@-') return io.readStdin();
  const path = text.slice(1);
  return readFile(resolve(io.cwd, path)).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? noSuchFile(path) : unreadable(path, error);
  });
}

function show(answer: Invocation<string | Uint8Array>, withTiming: boolean, io: Surroundings): void {
  const { logs, logsTruncated, output } = answer;
  if (logs) io.note(io.paintError('dim', safeText(logs).trimEnd()));
  if (logsTruncated) io.note(io.paintError('yellow', 'the log was cut at its limit'));
  io.write(output);
  // A prompt must not stand behind the output; a program gets it as it is.
  if (io.isTerminal && output.length > 0 && !endsLine(output)) io.write('\n');
  if (withTiming) io.note(io.paintError('dim', timingLine(answer)));
}

/** Duration and phases of an answered call. */
export function timingLine({ durationMs, timings }: Invocation<unknown>): string {
  return `${durationText(durationMs)}: ${timingsText(timings)}`;
}

function jsonOf({ output, ...rest }: Invocation<string | Uint8Array>): object {
  if (typeof output === 'string') return { output, ...rest };
  return { output: Buffer.from(output).toString('base64'), encoding: 'base64', ...rest };
}

function endsLine(output: string | Uint8Array): boolean {
  return typeof output === 'string' ? output.endsWith('\n') : output.at(-1) === 10;
}
