import type { FunctionVersion } from '@relais/contracts';
import { type Clock, fromDetail, RelaisError } from '@relais/kit';
import { answerOf } from '../runtimes/cgi-response.js';
import type { OutputStream } from '../runtimes/output-stream.js';
import { ProgramStream } from '../runtimes/program-stream.js';
import type { Call, CallFailure, CallOutcome, CallSuccess } from '../runtimes/runtime.js';
import type { Program } from './program.js';
import { noEnd, onThread, type ThreadEnd } from './threads/thread-messages.js';
import type { WasmThreads } from './threads/wasm-threads.js';

export interface StreamingCallOptions {
  readonly threads: WasmThreads;
  readonly clock: Clock;
  readonly version: FunctionVersion;
  readonly program: Program;
  readonly logBytesMax: number;
  /** Output that may wait for credit here. */
  readonly heldBytesMax: number;
  readonly environment: (call: Call) => readonly string[];
}

/** One call of a WASM function on a thread, its output on its way while it runs. Settled once: by its end or a cancellation. */
export class StreamingCall {
  readonly outcome: Promise<CallOutcome>;
  readonly #options: StreamingCallOptions;
  readonly #call: Call;
  readonly #stream: OutputStream;
  readonly #output: ProgramStream;
  readonly #credit = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #giveUp: () => void;
  #resolve: (outcome: CallOutcome) => void = () => {};

  constructor(call: Call, stream: OutputStream, options: StreamingCallOptions) {
    const { threads, version } = options;
    this.#options = options;
    this.#call = call;
    this.#stream = stream;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const credit = new Int32Array(this.#credit);
    credit[0] = stream.windowBytes;
    this.#output = new ProgramStream({
      stream,
      cgi: call.http !== undefined && version.config?.http === 'cgi',
      heldBytesMax: options.heldBytesMax,
      // The thread is held by its credit.
      hold: () => {},
      onCredit: (bytes) => {
        Atomics.add(credit, 0, bytes);
        Atomics.notify(credit, 0);
      },
      fail: (error) => this.cancel(error),
    });
    this.#giveUp = threads.run(
      () => this.#forThread(),
      (data) => this.#output.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
      (end) => void this.#finish(end),
    );
  }

  /** Answers with the failure and ends what runs. */
  cancel(error: RelaisError): void {
    this.#settle({ ok: false, error }, noEnd);
    this.#giveUp();
  }

  #forThread() {
    const { clock, environment, logBytesMax, program, version } = this.#options;
    this.#call.begun();
    return {
      program,
      functionName: version.name,
      payload: this.#call.payload,
      budgetMs: this.#call.deadlineMs - clock.nowMs(),
      environment: environment(this.#call),
      logBytesMax,
      outputBytesMax: Number.POSITIVE_INFINITY,
      stream: { credit: this.#credit, windowBytes: this.#stream.windowBytes },
    };
  }

  async #finish(end: ThreadEnd | RelaisError): Promise<void> {
    if (RelaisError.is(end)) {
      this.#settle({ ok: false, error: end }, noEnd);
      return;
    }
    if (end.failure) {
      this.#settle({ ok: false, error: fromDetail(end.failure) }, end);
      return;
    }
    await this.#output.drained();
    const { unfinishedHead } = this.#output;
    const { begun } = this.#stream;
    this.#settle(
      begun ? { ok: true, output: unfinishedHead } : answerOf(this.#options.version, this.#call, unfinishedHead),
      end,
    );
  }

  #settle(result: CallSuccess | CallFailure, { coldUs, logs, logsTruncated, runUs }: ThreadEnd): void {
    this.#resolve({ result, logs, logsTruncated, coldUs, runUs, attributes: onThread });
  }
}
