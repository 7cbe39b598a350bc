import { RelaisError } from '../../errors/relais-error.js';
import { type Logger, silentLogger } from '../../logging/logger.js';
import type { Exchange } from '../exchange.js';
import { LazySignal, servedContext } from '../lazy-signal.js';
import type { Link } from '../link.js';
import { TickBatch } from '../tick-batch.js';
import type { AnsweringCodec, IdentifiedAnswer, IncomingQuestion } from './codec.js';
import { draining, tooManyOutstanding } from './failures.js';
import { cutFrames } from './frames.js';

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
export function serveExchange<Question, Answer, Out, In>(
  link: Link<Out, In>,
  exchange: Exchange<Question, Answer>,
  codec: AnsweringCodec<Question, Answer, Out, In>,
  options: ServeExchangeOptions = { logger: silentLogger },
): void {
  const server = new ExchangeServer(link, exchange, codec, options);
  link.receive({ message: (frame) => server.take(frame), closed: () => server.end() });
  server.watchDraining();
}

class ExchangeServer<Question, Answer, Out, In> {
  readonly #link: Link<Out, In>;
  readonly #exchange: Exchange<Question, Answer>;
  readonly #codec: AnsweringCodec<Question, Answer, Out, In>;
  readonly #options: ServeExchangeOptions;
  readonly #underWay = new Map<number, LazySignal>();
  readonly #answers: TickBatch<IdentifiedAnswer<Answer>>;
  readonly #onDraining = () => this.#closeWhenDone();

  constructor(
    link: Link<Out, In>,
    exchange: Exchange<Question, Answer>,
    codec: AnsweringCodec<Question, Answer, Out, In>,
    options: ServeExchangeOptions,
  ) {
    this.#link = link;
    this.#exchange = exchange;
    this.#codec = codec;
    this.#options = options;
    this.#answers = new TickBatch((answers) => this.#send(answers));
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
    }
    if (cancelIds.length > 0) this.#closeWhenDone();
  }

  end(): void {
    this.#options.draining?.removeEventListener('abort', this.#onDraining);
    for (const lazy of this.#underWay.values()) lazy.cancel();
    this.#underWay.clear();
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
    const lazy = new LazySignal();
    this.#underWay.set(id, lazy);
    let answer: Answer;
    try {
      answer = await this.#exchange.exchange(question, servedContext(budgetMs, traceparent, lazy));
    } catch (thrown) {
      if (!RelaisError.is(thrown)) this.#options.logger.error({ err: thrown }, 'a question failed on our own account');
      answer = this.#codec.failure(id, RelaisError.from(thrown));
    }
    // Cancelled meanwhile: nobody waits for it, and the id may already be another's.
    if (this.#underWay.get(id) !== lazy) return;
    this.#underWay.delete(id);
    this.#answers.push({ id, answer });
  }

  #send(answers: readonly IdentifiedAnswer<Answer>[]): void {
    const { sizeOf, wrap } = this.#codec;
    cutFrames(
      answers,
      (one) => sizeOf(one.answer),
      (group) => this.#link.send(wrap(group)),
    );
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (!this.#options.draining?.aborted || this.#underWay.size > 0) return;
    this.#answers.flushNow();
    this.#link.close();
  }
}
