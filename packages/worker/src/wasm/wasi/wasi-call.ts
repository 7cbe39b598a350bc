import type { RelaisError } from '@relais/kit';
import { LogBuffer } from './log-buffer.js';
import type { CallOutput } from './output-buffer.js';

/** What one call brings into the world of its module. */
export interface WasiInput {
  readonly payload: Uint8Array;
  /** Monotonic milliseconds of the clock at which the call must be over. */
  readonly deadlineMs: number;
  /** "NAME=VALUE" each; asked for only when the module looks. */
  readonly environment: () => readonly string[];
}

/** Thrown through the module to end a call; why is in {@link WasiCall.ending}. Not an Error: no stack is captured. */
export const endOfCall: object = Object.freeze({ relais: 'end of call' });

/** Why a call ended early by its own doing. */
export type Ending =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'failure'; readonly error: RelaisError };

const noInput: WasiInput = { payload: new Uint8Array(0), deadlineMs: 0, environment: () => [] };

/** The mutable side of the host: re-pointed at every call, its buffers used again. */
export class WasiCall {
  readonly output: CallOutput;
  readonly logs: LogBuffer;
  input: WasiInput = noInput;
  startMs = 0;
  payloadOffset = 0;
  /** One bit per standard stream that the module has closed. */
  closedStreams = 0;
  ending: Ending | undefined;
  /** The environment in NUL-terminated form, once asked for. */
  environment: readonly Buffer[] | undefined;

  constructor(output: CallOutput, logBytesMax: number) {
    this.output = output;
    this.logs = new LogBuffer(logBytesMax);
  }

  begin(input: WasiInput, nowMs: number): void {
    this.input = input;
    this.startMs = nowMs;
    this.payloadOffset = 0;
    this.closedStreams = 0;
    this.ending = undefined;
    this.environment = undefined;
    this.output.reset();
    this.logs.reset();
  }

  /** Drops what the call held. */
  end(): void {
    this.input = noInput;
    this.environment = undefined;
  }

  /** Ends the call from inside a host function; the first ending counts. */
  stop(ending: Ending): never {
    this.ending ??= ending;
    throw endOfCall;
  }

  /** Whether a file descriptor is one of the three streams and still open. */
  isOpen(fd: number): boolean {
    return fd <= 2 && (this.closedStreams & (1 << fd)) === 0;
  }
}
