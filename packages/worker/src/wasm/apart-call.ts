import type { FunctionVersion } from '@relais/contracts';
import { type Clock, fromDetail, RelaisError } from '@relais/kit';
import { answerOf } from '../runtimes/cgi-response.js';
import type { OutputStream } from '../runtimes/output-stream.js';
import { ProgramStream } from '../runtimes/program-stream.js';
import type { Call, CallFailure, CallOutcome, CallSuccess } from '../runtimes/runtime.js';
import type { Program } from './program.js';
import { noEnd, onThread, type ThreadCall, type ThreadEnd } from './threads/thread-messages.js';
import type { GivenCall, WasmThreads } from './threads/wasm-threads.js';

export interface ApartCallOptions {
  readonly threads: WasmThreads;
  readonly clock: Clock;
  readonly version: FunctionVersion;
  readonly program: Program;
  readonly logBytesMax: number;
  /** Of output that is answered whole, or that waits for credit here. */
  readonly outputBytesMax: number;
  readonly environment: (call: Call) => readonly string[];
}

/**
 * One call of a WASM function on a thread, its output answered whole or, where there is a stream, on its way while it runs. Settled
 * once: by its end or a cancellation.
 */
export class ApartCall {
  readonly outcome: Promise<CallOutcome>;
  readonly #options: ApartCallOptions;
  readonly #call: Call;
  readonly #stream: OutputStream | undefined;
  readonly #output: ProgramStream | undefined;
  readonly #given: GivenCall;
  #begun = false;
  #resolve: (outcome: CallOutcome) => void = () => {};

  constructor(call: Call, stream: OutputStream | undefined, options: ApartCallOptions) {
    this.#options = options;
    this.#call = call;
    this.#stream = stream;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#output = stream && this.#outputTo(stream);
    this.#given = options.threads.run(
      () => this.#forThread(),
      (data) => this.#output?.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
      (end) => void this.#finish(end),
    );
  }

  /** Whether a thread has it. */
  get hasBegun(): boolean {
    return this.#begun;
  }

  /** Answers with the failure and ends what runs. */
  cancel(error: RelaisError): void {
    this.#settle({ ok: false, error }, noEnd);
    this.#given.giveUp();
  }

  #outputTo(stream: OutputStream): ProgramStream {
    return new ProgramStream({
      stream,
      cgi: this.#call.http !== undefined && this.#options.version.config?.http === 'cgi',
      heldBytesMax: this.#options.outputBytesMax,
      // The thread is held by its credit.
      hold: () => {},
      onCredit: (bytes) => this.#given.grant(bytes),
      fail: (error) => this.cancel(error),
    });
  }

  #forThread(): ThreadCall {
    const { clock, environment, logBytesMax, outputBytesMax, program, version } = this.#options;
    const windowBytes = this.#stream?.windowBytes;
    this.#begun = true;
    this.#call.begun();
    return {
      program,
      functionName: version.name,
      payload: this.#call.payload,
      budgetMs: this.#call.deadlineMs - clock.nowMs(),
      environment: environment(this.#call),
      logBytesMax,
      ...(windowBytes === undefined ? { outputBytesMax } : { outputBytesMax: Number.POSITIVE_INFINITY, windowBytes }),
    };
  }

  async #finish(end: ThreadEnd | RelaisError): Promise<void> {
    if (RelaisError.is(end)) this.#settle({ ok: false, error: end }, noEnd);
    else if (end.failure) this.#settle({ ok: false, error: fromDetail(end.failure) }, end);
    else if (this.#output) this.#settle(await this.#drained(this.#output), end);
    else this.#settle(answerOf(this.#options.version, this.#call, end.output), end);
  }

  /** What is left to answer once all that went out is out. */
  async #drained(output: ProgramStream): Promise<CallSuccess | CallFailure> {
    await output.drained();
    const { unfinishedHead } = output;
    if (this.#stream?.begun) return { ok: true, output: unfinishedHead };
    return answerOf(this.#options.version, this.#call, unfinishedHead);
  }

  #settle(result: CallSuccess | CallFailure, { coldUs, logs, logsTruncated, runUs }: ThreadEnd): void {
    this.#resolve({ result, logs, logsTruncated, coldUs, runUs, attributes: onThread });
  }
}
