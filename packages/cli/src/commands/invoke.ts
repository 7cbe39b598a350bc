import { resolve } from 'node:path';
import type { Invocation, InvocationEnd, StreamEvent } from '@relais/sdk';
import { readFileBounded } from '../framework/bounded-read.js';
import type { Command } from '../framework/command.js';
import { wrongUse } from '../framework/failures.js';
import type { Surroundings } from '../framework/surroundings.js';
import { timingsText } from '../output/complaint.js';
import { safeText } from '../output/safe-text.js';
import { durationText } from '../output/units.js';

/** What a payload of text or bytes is answered with. */
type Output = string | Uint8Array;

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
    { name: 'stream', short: 's', describe: 'write the output as the function produces it; Ctrl-C stops the function' },
    { name: 'idempotent', describe: 'the call may be repeated when its worker is lost' },
    { name: 'timing', short: 't', describe: 'say where the time went' },
  ],
  examples: [
    { line: `relais invoke add '{"a":2,"b":3}'`, does: 'call "add" with JSON' },
    { line: 'cat photo.jpg | relais invoke shrink @- > small.jpg', does: 'bytes in, bytes out' },
    { line: 'relais invoke tokens hi --stream', does: 'words as they come' },
  ],
  async run(input, io) {
    const payload = await payloadOf(input.optionalArgument('PAYLOAD'), io);
    const timeoutMs = input.count('timeout-ms');
    const options = { signal: io.interrupted, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    const [reference, idempotent] = [input.argument('REF'), input.flag('idempotent')];
    if (input.flag('stream')) {
      // What was written cannot be taken back, so nothing is ever repeated.
      if (idempotent) throw wrongUse('--idempotent is for calls without --stream: a stream is never begun again.');
      await showStream(io.client.stream(reference, payload, options), input.flag('timing'), io);
      return undefined;
    }
    const answer = await io.client.invoke<Output>(reference, payload, { ...options, idempotent });
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
  if (path === '') throw wrongUse('"@" is followed by the name of a file, or by "-" for standard input.');
  return readFileBounded(resolve(io.cwd, path), path);
}

/** Writes the parts of a stream as they come, no faster than whoever reads them. */
async function showStream(
  events: AsyncIterable<StreamEvent<Output>>,
  withTiming: boolean,
  io: Surroundings,
): Promise<void> {
  let last: Output = '';
  for await (const event of events) {
    if (io.json) io.report(plainEvent(event), () => '');
    else if (event.kind === 'chunk') {
      io.write(event.output);
      last = event.output.length > 0 ? event.output : last;
    } else {
      showEnd(last, event, withTiming, io);
      showLogs(event, io);
    }
    await io.drained();
  }
}

function plainEvent(event: StreamEvent<Output>): object {
  if (event.kind === 'chunk') return plainOutput(event.output);
  const { kind: _, ...end } = event;
  return { end };
}

function show(answer: Invocation<Output>, withTiming: boolean, io: Surroundings): void {
  const { output } = answer;
  showLogs(answer, io);
  io.write(output);
  showEnd(output, answer, withTiming, io);
}

/** What stands behind an output, of which this is the last part. */
function showEnd(last: Output, end: InvocationEnd, withTiming: boolean, io: Surroundings): void {
  // A prompt must not stand behind the output; a program gets it as it is.
  if (io.isTerminal && last.length > 0 && !endsLine(last)) io.write('\n');
  if (withTiming) io.note(io.paintError('dim', timingLine(end)));
}

function showLogs({ logs, logsTruncated }: InvocationEnd, io: Surroundings): void {
  if (logs) io.note(io.paintError('dim', safeText(logs).trimEnd()));
  if (logsTruncated) io.note(io.paintError('yellow', 'the log was cut at its limit'));
}

/** Duration and phases of an answered call. */
export function timingLine({ durationMs, timings }: InvocationEnd): string {
  return `${durationText(durationMs)}: ${timingsText(timings)}`;
}

function jsonOf({ output, ...rest }: Invocation<Output>): object {
  return { ...plainOutput(output), ...rest };
}

function plainOutput(output: Output): object {
  if (typeof output === 'string') return { output };
  return { output: Buffer.from(output).toString('base64'), encoding: 'base64' };
}

function endsLine(output: Output): boolean {
  return typeof output === 'string' ? output.endsWith('\n') : output.at(-1) === 10;
}
