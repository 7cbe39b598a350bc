import { type Clock, RelaisError } from '@relais/kit';
import type { Call, CallFailure, CallOutcome, CallSuccess } from '../runtimes/runtime.js';
import { shutDown } from '../runtimes/shutting-down.js';
import type { Guest } from './guest.js';
import { noLogs } from './log-capture.js';

/** To ask what a process waited for costs some files of the kernel: worth it beside calls that are longer than this. */
const askAboveMs = 10;

/** One call under way. It is settled once: by its own end or by a cancellation, whichever comes first. */
export class RunningCall {
  readonly call: Call;
  readonly outcome: Promise<CallOutcome>;
  readonly #resolve: (outcome: CallOutcome) => void;
  readonly #clock: Clock;
  #guest: Guest | undefined;
  #stopWaiting: (() => void) | undefined;
  #cancelled = false;
  #cold = false;
  #beganMs = 0;
  #initBeganMs = 0;
  #runBeganMs = 0;
  /** What its guest had waited for a processor before. */
  #waitedBeforeMs: number | undefined;

  constructor(call: Call, clock: Clock) {
    this.call = call;
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<CallOutcome>();
    this.outcome = promise;
    this.#resolve = resolve;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Whether the function's own code has begun. */
  get hasBegun(): boolean {
    return this.#runBeganMs > 0;
  }

  /** It waits for a process; `leave` gives the place up when it is cancelled. */
  waiting(leave: () => void): void {
    this.#stopWaiting = leave;
  }

  /** It holds a process slot; from here on it is being prepared. */
  begin(cold: boolean): void {
    this.#stopWaiting = undefined;
    this.#cold = cold;
    this.#beganMs = this.#clock.nowMs();
  }

  /**
   * It waited for the first instance to be free. initMs: what loading took that one, when it was started meanwhile and this is
   * its first call; else it only waited its turn.
   */
  beginWith(askedMs: number, initMs: number | undefined): void {
    this.begin(initMs !== undefined);
    if (initMs === undefined) return;
    this.#beganMs = askedMs;
    // It may have been asked for when that had begun already.
    this.#initBeganMs = Math.max(askedMs, this.#clock.nowMs() - initMs);
  }

  /** It has this guest, which is killed when the call is cancelled. */
  hold(guest: Guest): void {
    this.#guest = guest;
    if (this.#cancelled) guest.kill();
  }

  /** Its process is there; the function's own initialisation begins. */
  initialise(): void {
    this.#initBeganMs = this.#clock.nowMs();
  }

  /** The function's own code begins. */
  run(): void {
    if (this.#guest && this.#guest.lastRunMs > askAboveMs) this.#waitedBeforeMs = this.#guest.processorWaitMs();
    this.#runBeganMs = this.#clock.nowMs();
    this.call.begun();
  }

  settle(result: CallSuccess | CallFailure): void {
    const nowMs = this.#clock.nowMs();
    const preparedMs = this.#runBeganMs || nowMs;
    const runMs = nowMs - preparedMs;
    if (this.#guest) this.#guest.lastRunMs = runMs;
    this.#resolve({
      result,
      ...(this.#guest?.logs.captured() ?? noLogs),
      coldUs: this.#beganMs === 0 || !this.#cold ? 0 : toUs(preparedMs - this.#beganMs),
      initUs: this.#initBeganMs === 0 ? 0 : toUs(preparedMs - this.#initBeganMs),
      runUs: toUs(runMs),
      processorWaitUs: this.#processorWaitUs(runMs),
      spans: this.#guest?.takeSpans() ?? [],
      attributes: { 'relais.instance': this.#cold ? 'new' : 'warm' },
    });
  }

  #processorWaitUs(runMs: number): number | undefined {
    if (this.#waitedBeforeMs === undefined || runMs < askAboveMs) return undefined;
    const waitedMs = this.#guest?.processorWaitMs();
    return waitedMs === undefined ? undefined : toUs(waitedMs - this.#waitedBeforeMs);
  }

  fail(error: unknown): void {
    this.settle({ ok: false, error: RelaisError.from(error) });
  }

  cancel(failure: RelaisError): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.fail(failure);
    this.#stopWaiting?.();
    this.#guest?.kill();
  }
}

/** The calls of one function that are under way, by job. */
export class RunningCalls {
  readonly #clock: Clock;
  readonly #running = new Map<number, RunningCall>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#running.size;
  }

  /** Starts a call whose work settles it; work that rejects fails it. */
  async perform(call: Call, work: (running: RunningCall) => Promise<void>): Promise<CallOutcome> {
    const running = new RunningCall(call, this.#clock);
    this.#running.set(call.jobId, running);
    work(running).catch((error) => running.fail(error));
    const outcome = await running.outcome;
    this.#running.delete(call.jobId);
    return outcome;
  }

  /** Unknown and finished ids are ignored. */
  cancel(jobId: number, failure: RelaisError): void {
    this.#running.get(jobId)?.cancel(failure);
  }

  /** Ends them all, as what has begun or not. */
  shutDown(): void {
    shutDown(this.#running.values());
  }
}

function toUs(ms: number): number {
  return Math.round(ms * 1000);
}
