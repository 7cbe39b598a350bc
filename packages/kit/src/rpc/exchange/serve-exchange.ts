import { RelaisError } from '../../errors/relais-error.js';
import { type Logger, silentLogger } from '../../logging/logger.js';
import { traceField } from '../../telemetry/traceparent.js';
import { Cancellation } from '../cancellation.js';
import type { Exchange } from '../exchange.js';
import { Flow } from '../flow.js';
import type { Link } from '../link.js';
import { TickBatch } from '../tick-batch.js';
import type { AnsweringCodec, IdentifiedAnswer, IncomingQuestion } from './codec.js';
import { draining, tooManyOutstanding } from './failures.js';
import { PacedFrames } from './paced-frames.js';
import { PartsLane } from './parts-lane.js';

/** Questions of one link under way at once; beyond it they are answered with resource_exhausted. */
const outstandingMax = 65_536;

export interface ServeExchangeOptions {
  /** Told of what was thrown and is no RelaisError. */
  readonly logger: Logger;
  /** When it fires: new questions are answered with unavailable, and the link is closed after the last answer. */
  readonly draining?: AbortSignal;
}

/**
 * Answers what comes over a link with an exchange. Answers of one turn of the loop travel as one frame, cut at 1 MiB.
 * When the link ends, everything under way is cancelled by its signal. Call it in the tick in which the link is handed
 * over.
 */
export function serveExchange<Question, Answer, Out, In, Part = never>(
  link: Link<Out, In>,
  exchange: Exchange<Question, Answer, Part>,
  codec: AnsweringCodec<Question, Answer, Out, In, Part>,
  options: ServeExchangeOptions = { logger: silentLogger },
): void {
  const server = new ExchangeServer(link, exchange, codec, options);
  link.receive({ message: (frame) => server.take(frame), closed: () => server.end() });
  server.watchDraining();
}

class ExchangeServer<Question, Answer, Out, In, Part> {
  readonly #link: Link<Out, In>;
  readonly #exchange: Exchange<Question, Answer, Part>;
  readonly #codec: AnsweringCodec<Question, Answer, Out, In, Part>;
  readonly #options: ServeExchangeOptions;
  readonly #underWay = new Map<number, Cancellation>();
  readonly #answers: TickBatch<IdentifiedAnswer<Answer>>;
  readonly #frames: PacedFrames<IdentifiedAnswer<Answer>>;
  /** Of the questions whose answers go in parts. */
  readonly #flows = new Map<number, Flow<Part>>();
  readonly #lane: PartsLane<Part>;
  readonly #onDraining = () => this.#closeWhenDone();

  constructor(
    link: Link<Out, In>,
    exchange: Exchange<Question, Answer, Part>,
    codec: AnsweringCodec<Question, Answer, Out, In, Part>,
    options: ServeExchangeOptions,
  ) {
    this.#link = link;
    this.#exchange = exchange;
    this.#codec = codec;
    this.#options = options;
    this.#frames = new PacedFrames({
      sizeOf: ({ answer }) => codec.sizeOf(answer),
      send: (answers) => this.#send(answers),
    });
    this.#frames.use(link);
    this.#answers = new TickBatch((answers) => this.#frames.push(answers));
    this.#lane = new PartsLane({
      send: (parts) => codec.parts && link.send(codec.parts.wrap(parts)),
      sizeOf: (part) => codec.parts?.sizeOf(part) ?? 0,
    });
    this.#lane.use(link);
  }

  watchDraining(): void {
    const { draining: signal } = this.#options;
    signal?.addEventListener('abort', this.#onDraining);
    if (signal?.aborted) this.#closeWhenDone();
  }

  take(frame: In): void {
    const { questions, cancelIds } = this.#codec.unwrap(frame);
    for (const question of questions) this.#accept(question);
    for (const id of cancelIds) {
      this.#underWay.get(id)?.cancel();
      this.#underWay.delete(id);
      this.#endFlow(id);
      this.#lane.drop(id);
    }
    for (const { id, bytes } of this.#codec.parts?.unwrapCredits(frame) ?? []) this.#flows.get(id)?.grant(bytes);
    if (cancelIds.length > 0) this.#closeWhenDone();
  }

  end(): void {
    this.#options.draining?.removeEventListener('abort', this.#onDraining);
    for (const cancellation of this.#underWay.values()) cancellation.cancel();
    this.#underWay.clear();
    for (const id of [...this.#flows.keys()]) this.#endFlow(id);
    this.#lane.use(undefined);
    this.#frames.use(undefined);
  }

  #accept(incoming: IncomingQuestion<Question>): void {
    if (this.#options.draining?.aborted) {
      this.#refuse(incoming.id, draining());
    } else if (this.#underWay.size >= outstandingMax) {
      this.#refuse(incoming.id, tooManyOutstanding('this role', outstandingMax));
    } else {
      void this.#run(incoming);
    }
  }

  #refuse(id: number, error: RelaisError): void {
    this.#answers.push({ id, answer: this.#codec.failure(id, error) });
  }

  async #run({ id, question, budgetMs, traceparent }: IncomingQuestion<Question>): Promise<void> {
    const signal = new Cancellation();
    this.#underWay.set(id, signal);
    let answer: Answer;
    try {
      const context = traceparent ? { budgetMs, signal, traceparent } : { budgetMs, signal };
      answer = await this.#exchange.exchange(question, context, this.#flowOf(id, question));
    } catch (thrown) {
      if (!RelaisError.is(thrown)) {
        const fields = { err: thrown, ...traceField(traceparent) };
        this.#options.logger.error(fields, 'a question failed on our own account');
      }
      answer = this.#codec.failure(id, RelaisError.from(thrown));
    }
    // Cancelled meanwhile: nobody waits for it, and the id may already be another's.
    if (this.#underWay.get(id) !== signal) return;
    if (this.#endFlow(id)) this.#lane.after(id, () => this.#finish(id, signal, answer));
    else this.#finish(id, signal, answer);
  }

  #finish(id: number, signal: Cancellation, answer: Answer): void {
    if (this.#underWay.get(id) !== signal) return;
    this.#underWay.delete(id);
    this.#answers.push({ id, answer });
  }

  #flowOf(id: number, question: Question): Flow<Part> | undefined {
    const windowBytes = this.#codec.parts?.windowOf(question) ?? 0;
    if (windowBytes === 0) return undefined;
    const flow = new Flow<Part>(windowBytes, (part) => this.#lane.push(id, part));
    this.#flows.set(id, flow);
    return flow;
  }

  /** Whether there was one. */
  #endFlow(id: number): boolean {
    this.#flows.get(id)?.close();
    return this.#flows.delete(id);
  }

  #send(answers: readonly IdentifiedAnswer<Answer>[]): void {
    this.#link.send(this.#codec.wrap(answers));
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (!this.#options.draining?.aborted || this.#underWay.size > 0) return;
    this.#answers.flushNow();
    if (this.#frames.isEmpty) this.#link.close();
  }
}
