import { RelaisError } from '@relais/kit/base';
import type { Ending, WasiCall } from './wasi/wasi-call.js';

const stackBytesMax = 8192;
const nameCharsMax = 256;
const mebibyte = 2 ** 20;

/** What a call left behind beside what it threw. */
export interface CallEvidence {
  readonly call: WasiCall;
  /** Size of the memory at the end. */
  readonly memoryBytes: number;
  readonly memoryBytesMax: number;
}

/**
 * Why a call failed; undefined when it did not. `thrown` is what came out of `_start`; undefined when it returned. What
 * the host recorded counts before it, because a module can catch what is thrown through it.
 */
export function failureOfCall(thrown: unknown, evidence: CallEvidence): RelaisError | undefined {
  const { ending } = evidence.call;
  if (ending) return failureOfEnding(ending, evidence);
  if (thrown === undefined) return undefined;
  const { name, message } = describe(thrown);
  if (name === 'RangeError') return functionFailed('The function overflowed its stack.', 0, '', evidence);
  // A WebAssembly.Exception is no Error and has no message of its own.
  if (name === 'Exception') return functionFailed('The function threw an exception nobody caught.', 0, '', evidence);
  if (name !== 'RuntimeError') return RelaisError.from(thrown);
  if (ranOutOfMemory(evidence)) return memoryLimit(thrown, message, evidence);
  return functionFailed(`The function trapped: ${message}.`, 0, backtrace(thrown, message), evidence);
}

function failureOfEnding(ending: Ending, evidence: CallEvidence): RelaisError | undefined {
  if (ending.kind === 'failure') return ending.error;
  if (ending.code === 0) return undefined;
  // As the program said it: what crosses the import has no sign.
  const exitCode = ending.code | 0;
  return functionFailed(`The function exited with code ${exitCode}.`, exitCode, '', evidence);
}

function functionFailed(message: string, exitCode: number, stack: string, { call }: CallEvidence): RelaisError {
  const exit = { exitCode, signal: '', stack, stderrTail: call.logs.tailText() };
  return new RelaisError('aborted', message, { reason: 'function_failed', exit });
}

// A refused memory.grow leaves no mark, so a trap close below the cap is taken for its consequence.
function ranOutOfMemory({ memoryBytes, memoryBytesMax }: CallEvidence): boolean {
  return memoryBytes >= (memoryBytesMax / 8) * 7;
}

function memoryLimit(thrown: unknown, message: string, evidence: CallEvidence): RelaisError {
  const limitMb = evidence.memoryBytesMax / mebibyte;
  return new RelaisError(
    'aborted',
    `The function ran out of its ${limitMb} MiB of memory and trapped: ${message}. Deploy it with a larger memoryMb.`,
    {
      reason: 'memory_limit',
      limit: { name: 'memoryMb', limit: limitMb, used: evidence.memoryBytes / mebibyte },
      exit: {
        exitCode: 0,
        signal: '',
        stack: backtrace(thrown, message),
        stderrTail: evidence.call.logs.tailText(),
      },
    },
  );
}

function describe(thrown: unknown): { name: string; message: string } {
  if (!(thrown instanceof Object)) return { name: '', message: '' };
  const field = (key: string): string => (key in thrown ? String(thrown[key as keyof typeof thrown]) : '');
  return { name: field('name') || thrown.constructor?.name || '', message: field('message') };
}

const frameForm = /^(?:(.*) \()?wasm:\/\/.*:(wasm-function\[\d+\]:0x[0-9a-f]+)\)?$/s;

/** The module's own frames, with the names of its name section and no path of ours; at most 8 KiB. */
function backtrace(thrown: unknown, message: string): string {
  let text = `RuntimeError: ${message}`;
  for (const frame of nativeFrames(thrown)) {
    const match = frameForm.exec(frame);
    if (!match) continue;
    const name = match[1]?.replace(/^[\w-]+\.wasm\./, '').slice(0, nameCharsMax) ?? '<unnamed>';
    const line = `\n    at ${name} (${match[2]})`;
    if (Buffer.byteLength(text) + Buffer.byteLength(line) > stackBytesMax) break;
    text += line;
  }
  return text;
}

/** Frames as V8 prints them; a source-map hook would take the module's away. */
function nativeFrames(thrown: unknown): string[] {
  let frames: string[] = [];
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, sites) => {
    frames = sites.map(String);
    return String(error);
  };
  try {
    void (thrown as Error).stack;
  } finally {
    Error.prepareStackTrace = before;
  }
  return frames;
}
