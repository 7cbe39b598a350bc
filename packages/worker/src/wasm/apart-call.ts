import type { FunctionVersion } from '@relais/contracts';
import { type Clock, fromDetail, RelaisError } from '@relais/kit';
import { answerOf } from '../runtimes/cgi-response.js';
import type { Call, CallFailure, CallOutcome, CallSuccess } from '../runtimes/runtime.js';
import type { Program } from './program.js';
import { noEnd, onThread, type ThreadCall, type ThreadEnd } from './threads/thread-messages.js';
import type { WasmThreads } from './threads/wasm-threads.js';

export interface ApartCallOptions {
  readonly threads: WasmThreads;
  readonly clock: Clock;
  readonly version: FunctionVersion;
  readonly program: Program;
  readonly logBytesMax: number;
  readonly outputBytesMax: number;
  readonly environment: (call: Call) => readonly string[];
}

/** One call of a WASM function on a thread, its output answered whole. Settled once: by its end or a cancellation. */
export class ApartCall {
  readonly outcome: Promise<CallOutcome>;
  readonly #options: ApartCallOptions;
  readonly #call: Call;
  readonly #giveUp: () => void;
  #resolve: (outcome: CallOutcome) => void = () => {};

  constructor(call: Call, options: ApartCallOptions) {
    this.#options = options;
    this.#call = call;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#giveUp = options.threads.run(
      () => this.#forThread(),
      () => {},
      (end) => this.#finish(end),
    );
  }

  /** Answers with the failure and ends what runs. */
  cancel(error: RelaisError): void {
    this.#settle({ ok: false, error }, noEnd);
    this.#giveUp();
  }

  #forThread(): ThreadCall {
    const { clock, environment, logBytesMax, outputBytesMax, program, version } = this.#options;
    this.#call.begun();
    return {
      program,
      functionName: version.name,
      payload: this.#call.payload,
      budgetMs: this.#call.deadlineMs - clock.nowMs(),
      environment: environment(this.#call),
      logBytesMax,
      outputBytesMax,
    };
  }

  #finish(end: ThreadEnd | RelaisError): void {
    if (RelaisError.is(end)) this.#settle({ ok: false, error: end }, noEnd);
    else if (end.failure) this.#settle({ ok: false, error: fromDetail(end.failure) }, end);
    else this.#settle(answerOf(this.#options.version, this.#call, end.output), end);
  }

  #settle(result: CallSuccess | CallFailure, { coldUs, logs, logsTruncated, runUs }: ThreadEnd): void {
    this.#resolve({ result, logs, logsTruncated, coldUs, runUs, attributes: onThread });
  }
}
