import type { RelaisError } from '../../errors/relais-error.js';
import type { Component } from '../../lifecycle/component.js';
import type { Logger } from '../../logging/logger.js';
import type { Clock } from '../../time/clock.js';
import type { CallContext } from '../context.js';
import type { Exchange } from '../exchange.js';
import type { BufferedLink } from '../grpc/grpc-link.js';
import { InFlight } from '../in-flight.js';
import type { Dial, Link } from '../link.js';
import { TickBatch } from '../tick-batch.js';
import type { AskingCodec } from './codec.js';
import * as failures from './failures.js';
import { cutFrames } from './frames.js';
import { Redialler } from './redialler.js';

export interface LinkExchangeOptions<Question, Answer, Out, In> {
  /** The peer's role or name, as failures tell it. */
  readonly name: string;
  readonly dial: Dial<Out, In>;
  readonly codec: AskingCodec<Question, Answer, Out, In>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Between 0 and 1, for the jitter of dials. */
  readonly random?: () => number;
  /** Questions that may be unanswered at once; beyond it exchange rejects with resource_exhausted. Default 16384. */
  readonly outstandingMax?: number;
}

/** Questions not yet taken by the transport; beyond it exchange rejects with resource_exhausted. */
const backlogBytesMax = 48 * 1024 * 1024;

/** How long a question waits for a link when there is none. */
const linkWaitMsMax = 2_000;

/** How long after its budget a question that was sent is given up; the peer should have answered by then. */
const safetyMs = 500;

const tickMs = 50;
const idMax = 0xffff_ffff;

interface Pending<Question, Answer> {
  readonly id: number;
  readonly question: Question;
  readonly context: CallContext;
  readonly sizeBytes: number;
  /** Monotonic end of the caller's budget. */
  readonly budgetEndMs: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: RelaisError) => void;
  /** Monotonic time at which it is given up. */
  giveUpMs: number;
  sent: boolean;
  onAbort: (() => void) | undefined;
}

/**
 * An exchange over a link that is dialled, kept up and dialled again. Questions of one turn of the loop travel as one
 * frame, cut at 1 MiB. A peer closes a link in good order only when it has answered what it began, as serveExchange does:
 * what it left unanswered is asked again on the next link. Rejects with: unavailable reason connection_lost (sent and the link was lost: it may or may not
 * have run), unavailable reason peer_unreachable (no link within 2 s: it has not run), deadline_exceeded (no answer
 * 500 ms after the budget), cancelled (the signal), resource_exhausted (a bound of this side; it has not run).
 */
export class LinkExchange<Question, Answer, Out, In> implements Exchange<Question, Answer>, Component {
  readonly name: string;
  readonly #options: LinkExchangeOptions<Question, Answer, Out, In>;
  readonly #outstandingMax: number;
  readonly #pending = new Map<number, Pending<Question, Answer>>();
  readonly #inFlight = new InFlight();
  readonly #questions: TickBatch<Pending<Question, Answer>>;
  readonly #cancels: TickBatch<number>;
  readonly #redialler: Redialler<Out, In>;
  #link: (Link<Out, In> & Partial<BufferedLink<Out, In>>) | undefined;
  #unsentBytes = 0;
  #lastId = 0;
  #cancelTicker: () => void = () => {};
  #stopped: Promise<void> | undefined;

  constructor(options: LinkExchangeOptions<Question, Answer, Out, In>) {
    const { name, dial, clock, logger, random = Math.random } = options;
    this.name = name;
    this.#options = options;
    this.#outstandingMax = options.outstandingMax ?? 16_384;
    this.#questions = new TickBatch((items) => this.#send(items));
    this.#cancels = new TickBatch((ids) => this.#link?.send(options.codec.wrap([], ids)));
    this.#redialler = new Redialler({ name, dial, clock, logger, random, onLink: (link) => this.#linked(link) });
  }

  /** Whether there is a link now; for readiness. */
  get connected(): boolean {
    return this.#link !== undefined;
  }

  /** Begins to dial; questions wait for the link, so it does not. */
  async start(): Promise<void> {
    this.#cancelTicker = this.#options.clock.every(tickMs, () => this.#giveUpLate());
    this.#redialler.start();
  }

  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#drain(graceMs);
    return this.#stopped;
  }

  exchange(question: Question, context: CallContext): Promise<Answer> {
    const sizeBytes = this.#options.codec.sizeOf(question);
    const refusal = this.#refusal(sizeBytes, context);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const nowMs = this.#options.clock.nowMs();
      const pending: Pending<Question, Answer> = {
        id: this.#nextId(),
        question,
        context,
        sizeBytes,
        budgetEndMs: nowMs + context.budgetMs,
        resolve,
        reject,
        giveUpMs: nowMs + Math.min(context.budgetMs, linkWaitMsMax),
        sent: false,
        onAbort: undefined,
      };
      this.#pending.set(pending.id, pending);
      this.#inFlight.begin();
      this.#unsentBytes += sizeBytes;
      if (context.signal) this.#watch(pending, context.signal);
      if (this.#link) this.#questions.push(pending);
    });
  }

  #refusal(sizeBytes: number, context: CallContext): RelaisError | undefined {
    if (this.#stopped) return failures.stopping(this.name);
    if (context.signal?.aborted) return failures.cancelled();
    if (this.#pending.size >= this.#outstandingMax) {
      return failures.tooManyOutstanding(this.name, this.#outstandingMax);
    }
    const backlogBytes = this.#unsentBytes + (this.#link?.bufferedBytes ?? 0) + sizeBytes;
    return backlogBytes > backlogBytesMax ? failures.backlogFull(this.name, backlogBytesMax, backlogBytes) : undefined;
  }

  #nextId(): number {
    do {
      this.#lastId = this.#lastId === idMax ? 1 : this.#lastId + 1;
    } while (this.#pending.has(this.#lastId));
    return this.#lastId;
  }

  #watch(pending: Pending<Question, Answer>, signal: AbortSignal): void {
    pending.onAbort = () => this.#giveUp(pending, failures.cancelled());
    signal.addEventListener('abort', pending.onAbort);
  }

  #linked(link: Link<Out, In>): void {
    this.#link = link;
    link.receive({
      message: (frame) => this.#take(frame),
      closed: (error) => this.#lost(error),
    });
    this.#send([...this.#pending.values()]);
  }

  #send(batch: readonly Pending<Question, Answer>[]): void {
    const link = this.#link;
    // Without a link they stay unsent, and the next link takes them.
    if (!link) return;
    const nowMs = this.#options.clock.nowMs();
    const ready = batch.filter((one) => !one.sent && this.#pending.get(one.id) === one);
    cutFrames(ready, sizeOfPending, (group) => {
      const outgoing = group.map((one) => {
        this.#markSent(one);
        const budgetMs = Math.max(0, one.budgetEndMs - nowMs);
        return { id: one.id, question: one.question, budgetMs, traceparent: one.context.traceparent };
      });
      link.send(this.#options.codec.wrap(outgoing, []));
    });
  }

  #markSent(pending: Pending<Question, Answer>): void {
    pending.sent = true;
    pending.giveUpMs = pending.budgetEndMs + safetyMs;
    this.#unsentBytes -= pending.sizeBytes;
  }

  #take(frame: In): void {
    for (const { id, answer } of this.#options.codec.unwrap(frame)) {
      const pending = this.#pending.get(id);
      // Absent: it was given up and the answer comes late.
      if (!pending) continue;
      this.#forget(pending);
      pending.resolve(answer);
    }
  }

  #lost(error: RelaisError | undefined): void {
    this.#link = undefined;
    if (error) this.#rejectWhere((pending) => pending.sent, failures.connectionLost(this.name, error));
    else this.#takeBack();
    this.#redialler.lost();
  }

  /** A peer that closes in good order has answered what it began; the rest it never took. */
  #takeBack(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const pending of this.#pending.values()) {
      if (!pending.sent) continue;
      pending.sent = false;
      pending.giveUpMs = Math.min(pending.budgetEndMs, nowMs + linkWaitMsMax);
      this.#unsentBytes += pending.sizeBytes;
    }
  }

  #giveUpLate(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const pending of this.#pending.values()) {
      if (pending.giveUpMs > nowMs) continue;
      this.#giveUp(pending, pending.sent ? failures.noAnswer(this.name) : failures.noLink(this.name));
    }
  }

  #giveUp(pending: Pending<Question, Answer>, error: RelaisError): void {
    if (pending.sent && this.#link) this.#cancels.push(pending.id);
    this.#forget(pending);
    pending.reject(error);
  }

  #forget(pending: Pending<Question, Answer>): void {
    this.#pending.delete(pending.id);
    this.#inFlight.end();
    if (!pending.sent) this.#unsentBytes -= pending.sizeBytes;
    if (pending.onAbort) pending.context.signal?.removeEventListener('abort', pending.onAbort);
  }

  #rejectWhere(chosen: (pending: Pending<Question, Answer>) => boolean, error: RelaisError): void {
    for (const pending of this.#pending.values()) {
      if (!chosen(pending)) continue;
      this.#forget(pending);
      pending.reject(error);
    }
  }

  async #drain(graceMs: number): Promise<void> {
    await this.#inFlight.idle(graceMs, this.#options.clock);
    this.#redialler.stop();
    this.#cancelTicker();
    this.#rejectWhere(() => true, failures.stopping(this.name));
    this.#link?.close();
  }
}

function sizeOfPending(pending: { readonly sizeBytes: number }): number {
  return pending.sizeBytes;
}
