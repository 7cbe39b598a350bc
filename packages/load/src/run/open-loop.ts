import { arrivalTimes } from '../plan/arrivals.js';
import type { OpenPhase } from '../plan/plan.js';
import type { Caller, Client } from './caller.js';
import { partOf } from './closed-loop.js';
import type { Recorder } from './recorder.js';

/** Calls that may wait for a connection in one thread; beyond it they are counted as unsent. */
const waitingMax = 100_000;

export interface OpenLoopOptions {
  readonly phase: OpenPhase;
  readonly share: number;
  readonly shares: number;
  readonly caller: Caller;
  readonly recorder: Recorder;
  /** Decides the arrivals and nothing else: they are drawn one by one while calls are sent. */
  readonly random: () => number;
  /** Over all threads. */
  readonly connectionsMax: number;
}

/**
 * This thread's share of an open phase. A call begins at its time whether or not earlier ones were answered; when all
 * connections are taken it waits, and its latency counts from when it was meant to begin.
 */
export function openLoop(options: OpenLoopOptions): Promise<void> {
  return new Promise((resolve) => new OpenLoop(options, resolve).start());
}

class OpenLoop {
  readonly #options: OpenLoopOptions;
  readonly #finished: () => void;
  readonly #arrivals: Generator<number, void, undefined>;
  readonly #connectionsMax: number;
  readonly #startMs = performance.now();
  readonly #idle: Client[] = [];
  /** Intended starts, oldest first from #waitingAt on. */
  #waiting: number[] = [];
  #waitingAt = 0;
  #connections = 0;
  #running = 0;
  #nextMs: number | undefined;

  constructor(options: OpenLoopOptions, finished: () => void) {
    const { connectionsMax, phase, random, share, shares } = options;
    this.#options = options;
    this.#finished = finished;
    this.#arrivals = arrivalTimes(phase, share, shares, random);
    this.#connectionsMax = Math.max(1, partOf(connectionsMax, share, shares));
  }

  start(): void {
    this.#advance();
    this.#tick();
  }

  readonly #tick = (): void => {
    const nowMs = performance.now();
    for (let atMs = this.#nextMs; atMs !== undefined && atMs <= nowMs; atMs = this.#nextMs) {
      this.#arrive(atMs);
      this.#advance();
    }
    if (this.#nextMs === undefined) this.#endWhenDone();
    else setTimeout(this.#tick, Math.max(0, this.#nextMs - performance.now()));
  };

  #advance(): void {
    const next = this.#arrivals.next();
    this.#nextMs = next.done ? undefined : this.#startMs + next.value;
  }

  #arrive(intendedMs: number): void {
    const client = this.#idle.pop() ?? this.#connect();
    if (client) this.#send(client, intendedMs);
    else if (this.#waiting.length - this.#waitingAt < waitingMax) this.#waiting.push(intendedMs);
    else this.#options.recorder.unsent();
  }

  #connect(): Client | undefined {
    if (this.#connections >= this.#connectionsMax) return undefined;
    this.#connections++;
    return this.#options.caller.client();
  }

  #send(client: Client, intendedMs: number): void {
    this.#running++;
    this.#options.caller.call(client, intendedMs, this.#options.recorder, () => {
      this.#running--;
      const waiting = this.#takeWaiting();
      if (waiting === undefined) this.#idle.push(client);
      else this.#send(client, waiting);
      if (this.#nextMs === undefined) this.#endWhenDone();
    });
  }

  #takeWaiting(): number | undefined {
    const waiting = this.#waiting[this.#waitingAt];
    if (waiting === undefined) return undefined;
    this.#waitingAt++;
    if (this.#waitingAt > 1024 && this.#waitingAt * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#waitingAt);
      this.#waitingAt = 0;
    }
    return waiting;
  }

  #endWhenDone(): void {
    if (this.#running > 0) return;
    for (const client of this.#idle) this.#options.caller.keep(client);
    this.#finished();
  }
}
