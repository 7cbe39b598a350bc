import type { Clock } from '@relais/kit';
import type { WasmImports } from '../webassembly.js';
import { GuestMemory } from './guest-memory.js';
import { noFileFunctions } from './no-files.js';
import { type CallOutput, OutputBuffer } from './output-buffer.js';
import { pollFunction, type Wait } from './poll.js';
import { processFunctions } from './process.js';
import { streamFunctions } from './streams.js';
import { WasiCall } from './wasi-call.js';

/** The one import module there is. */
export const wasiModuleName = 'wasi_snapshot_preview1';

export interface WasiHostOptions {
  readonly clock: Clock;
  readonly wait: Wait;
  readonly outputBytesMax: number;
  readonly logBytesMax: number;
  /** Where standard output goes; default: it is collected. */
  readonly output?: CallOutput;
  /** argv[0]. */
  readonly functionName: string;
}

/**
 * A WASI preview-1 host over in-memory buffers. Built once per slot: a call only re-points the buffers. It knows no host
 * file and prints nowhere; a pointer out of range is EFAULT, and nothing but the end of the call is ever thrown.
 */
export class WasiHost {
  readonly call: WasiCall;
  readonly memory = new GuestMemory();
  /** What an instance imports: every function of preview 1. */
  readonly imports: WasmImports;

  constructor(options: WasiHostOptions) {
    this.call = new WasiCall(options.output ?? new OutputBuffer(options.outputBytesMax), options.logBytesMax);
    this.imports = { [wasiModuleName]: wasiFunctions(this.call, this.memory, options) };
  }
}

function wasiFunctions(call: WasiCall, memory: GuestMemory, options: WasiHostOptions): WasmImports[string] {
  return {
    ...noFileFunctions(call),
    ...processFunctions(call, memory, options.clock, options.functionName),
    ...streamFunctions(call, memory, options.outputBytesMax),
    poll_oneoff: pollFunction(call, memory, options.clock, options.wait),
  };
}

const idle = { nowMs: () => 0, wallMs: () => 0, every: () => () => {}, after: () => () => {} };

/** Names of every function that a module may import. */
export const wasiFunctionNames: ReadonlySet<string> = new Set(
  Object.keys(
    wasiFunctions(new WasiCall(new OutputBuffer(0), 0), new GuestMemory(), {
      clock: idle,
      wait: () => {},
      outputBytesMax: 0,
      logBytesMax: 0,
      functionName: '',
    }),
  ),
);
