import type { RelaisError } from '../../errors/relais-error.js';
import type { Component } from '../../lifecycle/component.js';
import type { Logger } from '../../logging/logger.js';
import type { Clock } from '../../time/clock.js';
import type { CancelSignal } from '../cancellation.js';
import type { CallContext } from '../context.js';
import type { Exchange } from '../exchange.js';
import type { Flow } from '../flow.js';
import type { BufferedLink } from '../grpc/grpc-link.js';
import type { Dial, Link } from '../link.js';
import { TickBatch } from '../tick-batch.js';
import type { AskingCodec, IdentifiedCredit } from './codec.js';
import * as failures from './failures.js';
import { cutFrames } from './frames.js';
import { type Pending, PendingQuestions } from './pending.js';
import { Redialler } from './redialler.js';

export interface LinkExchangeOptions<Question, Answer, Out, In, Part = never> {
  /** The peer's role or name, as failures tell it. */
  readonly name: string;
  readonly dial: Dial<Out, In>;
  readonly codec: AskingCodec<Question, Answer, Out, In, Part>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Between 0 and 1, for the jitter of dials. */
  readonly random?: () => number;
  /** Questions that may be unanswered at once; beyond it exchange rejects with resource_exhausted. Default 16384. */
  readonly outstandingMax?: number;
}

/** Questions not yet taken by the transport; beyond it exchange rejects with resource_exhausted. */
const backlogBytesMax = 48 * 1024 * 1024;

const tickMs = 50;
const freshLinkMs = 1_000;

/**
 * An exchange over a link that is dialled, kept up and dialled again. Questions of one turn of the loop travel as one
 * frame, cut at 1 MiB. A peer closes a link in good order only when it has answered what it began, as serveExchange does:
 * what it left unanswered, or refused because it is leaving, is asked again on the next link, which is dialled as soon as it
 * says so: the old one brings the answers of what it began. Rejects with: unavailable reason connection_lost (sent and the
 * link was lost: it may or may not have run, so it is not retryable), unavailable reason peer_unreachable (no link within
 * 10 s, or within the budget while a peer is leaving: it has not run), unavailable reason stopping (this side stops;
 * retryable when it was not sent), deadline_exceeded (no answer 500 ms after the budget), cancelled (the signal),
 * resource_exhausted (a bound of this side; it has not run).
 */
export class LinkExchange<Question, Answer, Out, In, Part = never>
  implements Exchange<Question, Answer, Part>, Component
{
  readonly name: string;
  readonly #options: LinkExchangeOptions<Question, Answer, Out, In, Part>;
  readonly #outstandingMax: number;
  readonly #pending = new PendingQuestions<Question, Answer, Part>();
  readonly #questions: TickBatch<Pending<Question, Answer, Part>>;
  readonly #cancels: TickBatch<{ readonly id: number; readonly link: Link<Out, In> }>;
  readonly #credits: TickBatch<IdentifiedCredit>;
  readonly #redialler: Redialler<Out, In>;
  /** The one that takes questions. */
  #link: (Link<Out, In> & Partial<BufferedLink<Out, In>>) | undefined;
  /** Since when, monotonic milliseconds. */
  #linkedMs = 0;
  /** Those whose peer is going away: they bring answers, and are asked nothing. */
  readonly #leaving = new Set<Link<Out, In>>();
  #cancelTicker: () => void = () => {};
  #stopped: Promise<void> | undefined;

  constructor(options: LinkExchangeOptions<Question, Answer, Out, In, Part>) {
    const { name, dial, clock, logger, random = Math.random } = options;
    this.name = name;
    this.#options = options;
    this.#outstandingMax = options.outstandingMax ?? 16_384;
    this.#questions = new TickBatch((items) => this.#send(items));
    this.#cancels = new TickBatch((cancels) => {
      for (const [link, group] of Map.groupBy(cancels, (cancel) => cancel.link)) {
        link.send(
          options.codec.wrap(
            [],
            group.map(({ id }) => id),
          ),
        );
      }
    });
    this.#credits = new TickBatch((credits) => this.#sendCredits(credits));
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

  exchange(question: Question, context: CallContext, flow?: Flow<Part>): Promise<Answer> {
    const sizeBytes = this.#options.codec.sizeOf(question);
    const refusal = this.#refusal(sizeBytes, context);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const asked = { question, context, flow, sizeBytes, resolve, reject };
      const pending = this.#pending.add(asked, this.#options.clock.nowMs());
      if (context.signal) this.#watch(pending, context.signal);
      flow?.listen((bytes) => this.#credits.push({ id: pending.id, bytes }));
      if (this.#link) this.#questions.push(pending);
    });
  }

  #refusal(sizeBytes: number, context: CallContext): RelaisError | undefined {
    if (this.#stopped) return failures.stopping(this.name);
    if (context.signal?.aborted) return failures.cancelled();
    if (this.#pending.size >= this.#outstandingMax) {
      return failures.tooManyOutstanding(this.name, this.#outstandingMax);
    }
    const backlogBytes = this.#pending.unsentBytes + (this.#link?.bufferedBytes ?? 0) + sizeBytes;
    return backlogBytes > backlogBytesMax ? failures.backlogFull(this.name, backlogBytesMax, backlogBytes) : undefined;
  }

  #watch(pending: Pending<Question, Answer, Part>, signal: CancelSignal): void {
    pending.onAbort = () => this.#giveUp(pending, failures.cancelled());
    signal.addEventListener('abort', pending.onAbort);
  }

  #linked(link: Link<Out, In>): void {
    this.#link = link;
    this.#linkedMs = this.#options.clock.nowMs();
    link.receive({
      message: (frame) => this.#take(link, frame),
      closed: (error) => this.#lost(link, error),
    });
    this.#send([...this.#pending.all()]);
  }

  #send(batch: readonly Pending<Question, Answer, Part>[]): void {
    const link = this.#link;
    // Without a link they stay unsent, and the next link takes them.
    if (!link) return;
    const nowMs = this.#options.clock.nowMs();
    const ready = batch.filter((one) => this.#pending.isUnsent(one));
    cutFrames(ready, sizeOfPending, (group) => {
      const outgoing = group.map((one) => {
        this.#pending.markSent(one, link);
        const budgetMs = Math.max(0, one.budgetEndMs - nowMs);
        return { id: one.id, question: one.question, budgetMs, traceparent: one.context.traceparent };
      });
      link.send(this.#options.codec.wrap(outgoing, []));
    });
  }

  #sendCredits(credits: readonly IdentifiedCredit[]): void {
    const { parts } = this.#options.codec;
    for (const [link, group] of Map.groupBy(credits, ({ id }) => this.#pending.get(id)?.sentOn)) {
      if (parts && link) (link as Link<Out, In>).send(parts.wrapCredits(group));
    }
  }

  #take(link: Link<Out, In>, frame: In): void {
    const { parts } = this.#options.codec;
    if (parts) for (const { id, part } of parts.unwrap(frame)) this.#takePart(id, part, parts.costOf(part));
    for (const { id, answer } of this.#options.codec.unwrap(frame)) {
      const pending = this.#pending.get(id);
      // Absent: it was given up and the answer comes late.
      if (!pending) continue;
      if (this.#options.codec.isLeaving(answer)) {
        this.#pending.markUnsent(pending, this.#options.clock.nowMs());
        this.#leave(link);
        continue;
      }
      this.#pending.forget(pending);
      pending.resolve(answer);
    }
    if (this.#leaving.has(link)) this.#closeIfDone(link);
  }

  /** One that has nothing more to bring. */
  #closeIfDone(link: Link<Out, In>): void {
    for (const { sentOn } of this.#pending.all()) if (sentOn === link) return;
    link.close();
  }

  #takePart(id: number, part: Part, costBytes: number): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    pending.begun = true;
    if (pending.flow?.deliver(part, costBytes)) return;
    this.#giveUp(pending, failures.creditExceeded(this.name));
  }

  #leave(link: Link<Out, In>): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#leaving.add(link);
    // One that leaves as soon as it is linked is the one that left before: its port is still open.
    this.#redialler.lost(this.#options.clock.nowMs() - this.#linkedMs >= freshLinkMs);
  }

  #lost(link: Link<Out, In>, error: RelaisError | undefined): void {
    const nowMs = this.#options.clock.nowMs();
    this.#leaving.delete(link);
    for (const pending of this.#pending.all()) {
      // One that came while the peer was leaving begins to wait for the next only now.
      if (!pending.sentOn) this.#pending.waitForLink(pending, nowMs);
      if (pending.sentOn !== link) continue;
      if (error || pending.begun) this.#reject(pending, failures.connectionLost(this.name, error));
      // A peer that closes in good order has answered what it began; the rest it never took.
      else this.#pending.markUnsent(pending, nowMs);
    }
    if (this.#link !== link) {
      this.#send([...this.#pending.all()]);
      return;
    }
    this.#link = undefined;
    this.#redialler.lost();
  }

  #giveUpLate(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const pending of this.#pending.all()) {
      const { budgetEndMs, giveUpMs, sentOn } = pending;
      const endMs = !sentOn && this.#leaving.size > 0 ? budgetEndMs : giveUpMs;
      if (endMs > nowMs) continue;
      this.#giveUp(pending, sentOn ? failures.noAnswer(this.name) : failures.noLink(this.name));
    }
  }

  #giveUp(pending: Pending<Question, Answer, Part>, error: RelaisError): void {
    if (pending.sentOn) this.#cancels.push({ id: pending.id, link: pending.sentOn as Link<Out, In> });
    this.#reject(pending, error);
  }

  #reject(pending: Pending<Question, Answer, Part>, error: RelaisError): void {
    this.#pending.forget(pending);
    pending.reject(error);
  }

  async #drain(graceMs: number): Promise<void> {
    await this.#pending.inFlight.idle(graceMs, this.#options.clock);
    this.#redialler.stop();
    this.#cancelTicker();
    for (const pending of this.#pending.all()) {
      this.#reject(pending, pending.sentOn ? failures.stoppedWaiting(this.name) : failures.stopping(this.name));
    }
    for (const link of this.#leaving) link.close();
    this.#link?.close();
  }
}

function sizeOfPending(pending: { readonly sizeBytes: number }): number {
  return pending.sizeBytes;
}
