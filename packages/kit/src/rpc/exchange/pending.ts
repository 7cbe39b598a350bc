import type { RelaisError } from '../../errors/relais-error.js';
import type { CallContext } from '../context.js';
import type { Flow } from '../flow.js';
import { InFlight } from '../in-flight.js';

const idMax = 0xffff_ffff;

/** How long a question waits for a link when there is none: longer than a peer takes to restart. */
const linkWaitMsMax = 10_000;

/** How long after its budget a question that was sent is given up; the peer should have answered by then. */
const safetyMs = 500;

/** One question that has no answer yet. */
export interface Pending<Question, Answer, Part = never> {
  readonly id: number;
  readonly question: Question;
  readonly context: CallContext;
  /** Where the parts of the answer go; undefined when it comes whole. */
  readonly flow: Flow<Part> | undefined;
  readonly sizeBytes: number;
  /** Monotonic end of the caller's budget. */
  readonly budgetEndMs: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: RelaisError) => void;
  /** Monotonic time at which it is given up. */
  giveUpMs: number;
  /** The link it went over; undefined while it waits to be sent. */
  sentOn: object | undefined;
  /** Parts have come, so the work has begun. */
  begun: boolean;
  onAbort: (() => void) | undefined;
}

/** The unanswered questions of one exchange: waiting to be sent, or sent and waiting for an answer. */
export class PendingQuestions<Question, Answer, Part = never> {
  readonly inFlight = new InFlight();
  readonly #byId = new Map<number, Pending<Question, Answer, Part>>();
  #unsentBytes = 0;
  #lastId = 0;

  get size(): number {
    return this.#byId.size;
  }

  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Adds one that waits to be sent, under an id no other has. */
  add(
    asked: Pick<Pending<Question, Answer, Part>, 'question' | 'context' | 'flow' | 'sizeBytes' | 'resolve' | 'reject'>,
    nowMs: number,
  ): Pending<Question, Answer, Part> {
    const { question, context, flow, sizeBytes, resolve, reject } = asked;
    const pending: Pending<Question, Answer, Part> = {
      id: this.#nextId(),
      question,
      context,
      flow,
      sizeBytes,
      budgetEndMs: nowMs + context.budgetMs,
      resolve,
      reject,
      giveUpMs: nowMs + Math.min(context.budgetMs, linkWaitMsMax),
      sentOn: undefined,
      begun: false,
      onAbort: undefined,
    };
    this.#byId.set(pending.id, pending);
    this.inFlight.begin();
    this.#unsentBytes += sizeBytes;
    return pending;
  }

  get(id: number): Pending<Question, Answer, Part> | undefined {
    return this.#byId.get(id);
  }

  /** Deleting the one at hand while iterating is allowed. */
  all(): Iterable<Pending<Question, Answer, Part>> {
    return this.#byId.values();
  }

  isUnsent(pending: Pending<Question, Answer, Part>): boolean {
    return !pending.sentOn && this.#byId.get(pending.id) === pending;
  }

  markSent(pending: Pending<Question, Answer, Part>, link: object): void {
    pending.sentOn = link;
    pending.giveUpMs = pending.budgetEndMs + safetyMs;
    this.#unsentBytes -= pending.sizeBytes;
  }

  /** Back to waiting for a link, as one that was never sent. */
  markUnsent(pending: Pending<Question, Answer, Part>, nowMs: number): void {
    if (!pending.sentOn) return;
    pending.sentOn = undefined;
    this.#unsentBytes += pending.sizeBytes;
    this.waitForLink(pending, nowMs);
  }

  /** From now on an unsent one waits for a link as long as such may. */
  waitForLink(pending: Pending<Question, Answer, Part>, nowMs: number): void {
    pending.giveUpMs = Math.min(pending.budgetEndMs, nowMs + linkWaitMsMax);
  }

  /** Takes one out; its caller settles it. */
  forget(pending: Pending<Question, Answer, Part>): void {
    this.#byId.delete(pending.id);
    this.inFlight.end();
    if (!pending.sentOn) this.#unsentBytes -= pending.sizeBytes;
    pending.flow?.close();
    if (pending.onAbort) pending.context.signal?.removeEventListener('abort', pending.onAbort);
  }

  #nextId(): number {
    do {
      this.#lastId = this.#lastId === idMax ? 1 : this.#lastId + 1;
    } while (this.#byId.has(this.#lastId));
    return this.#lastId;
  }
}
