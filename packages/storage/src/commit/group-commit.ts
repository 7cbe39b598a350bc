import type { Clock, Histogram, Logger, RelaisError } from '@relais/kit';
import type { Backend, Write } from '../backends/backend.js';
import { storageError, storageFailure } from '../errors.js';

/** What a mutation writes, and what it answers once that is on disk. */
export interface Plan<Result> {
  readonly writes: readonly Write[];
  /** Makes the change visible to readers. Runs after the write, in the order of plans; must not throw. */
  apply(): Result;
}

/** A change of the store. `Stage` is what earlier plans of the same batch are about to change. */
export interface Mutation<Stage, Result> {
  /** About what it writes; counts against the bounds of batch and queue. */
  readonly bytes: number;
  /** True when its plan must see everything before it on disk: it then has a batch of its own. */
  readonly alone: boolean;
  /** Decides on the state as it is and on the stage, and adds to the stage. A rejection refuses this mutation alone. */
  plan(stage: Stage): Promise<Plan<Result>>;
}

export interface GroupCommitOptions<Stage> {
  readonly backend: Backend;
  readonly clock: Clock;
  /** Told when writing begins to fail, and when it is over. */
  readonly logger: Logger;
  readonly newStage: () => Stage;
  /** Brings memory in line with the backend after a failed write, which may have landed or not. */
  readonly reload: () => Promise<void>;
  /** Takes how long each synced write took, seconds. */
  readonly writeSeconds?: Histogram;
  /** Mutations waiting; beyond it a new one is refused with resource_exhausted. */
  readonly queueLengthMax: number;
  /** Bytes waiting; beyond it a new one is refused with resource_exhausted. One mutation alone is always taken. */
  readonly queueBytesMax: number;
  /** A batch takes no further mutation once it has this many bytes. */
  readonly batchBytesMax: number;
}

interface Waiting<Stage> {
  readonly mutation: Mutation<Stage, unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: RelaisError) => void;
}

type Outcome<Stage> =
  | { readonly waiting: Waiting<Stage>; readonly plan: Plan<unknown> }
  | { readonly waiting: Waiting<Stage>; readonly refusal: RelaisError };

/**
 * The one writer. Mutations that arrive while a synced write is under way share the next one: planned in order of
 * arrival, written as one batch, each answered after it.
 */
export class GroupCommit<Stage> {
  readonly #options: GroupCommitOptions<Stage>;
  #queue: Waiting<Stage>[] = [];
  #queueBytes = 0;
  #running: Promise<void> | undefined;
  #unsure = false;
  #stopping = false;

  constructor(options: GroupCommitOptions<Stage>) {
    this.#options = options;
  }

  /** Changes that wait for the disk. */
  get waitingCount(): number {
    return this.#queue.length;
  }

  /** False from a write that failed until one may succeed again. */
  get writable(): boolean {
    return !this.#unsure;
  }

  /** Resolves once the mutation is on disk and visible. Rejects with its refusal or with what the write failed of. */
  commit<Result>(mutation: Mutation<Stage, Result>): Promise<Result> {
    const refusal = this.#refusal(mutation.bytes);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      this.#queue.push({ mutation, resolve: resolve as (result: unknown) => void, reject });
      this.#queueBytes += mutation.bytes;
      this.#running ??= this.#run();
    });
  }

  /** Refuses what is new and writes what waits; what has not begun after graceMs is refused with unavailable. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (!this.#running) return;
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(graceMs, resolve);
    });
    await Promise.race([this.#running, late]);
    cancel();
    for (const { reject } of this.#takeAll()) reject(stopping());
  }

  #refusal(bytes: number): RelaisError | undefined {
    if (this.#stopping) return stopping();
    const { queueLengthMax, queueBytesMax } = this.#options;
    if (this.#queue.length >= queueLengthMax) return queueFull('queueLengthMax', queueLengthMax, this.#queue.length);
    const used = this.#queueBytes + bytes;
    if (this.#queue.length > 0 && used > queueBytesMax) return queueFull('queueBytesMax', queueBytesMax, used);
    return undefined;
  }

  async #run(): Promise<void> {
    // Lets everything that arrives in this turn of the loop share the first batch too.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) await this.#commitBatch(this.#takeBatch());
    this.#running = undefined;
  }

  #takeBatch(): Waiting<Stage>[] {
    let bytes = 0;
    let length = 0;
    for (const { mutation } of this.#queue) {
      if (length > 0 && (mutation.alone || bytes >= this.#options.batchBytesMax)) break;
      bytes += mutation.bytes;
      length += 1;
      if (mutation.alone) break;
    }
    this.#queueBytes -= bytes;
    return this.#queue.splice(0, length);
  }

  #takeAll(): Waiting<Stage>[] {
    this.#queueBytes = 0;
    return this.#queue.splice(0);
  }

  async #commitBatch(batch: readonly Waiting<Stage>[]): Promise<void> {
    let outcomes: Outcome<Stage>[];
    try {
      await this.#makeSure();
      outcomes = await planAll(batch, this.#options.newStage());
      await this.#write(outcomes.flatMap((outcome) => ('plan' in outcome ? outcome.plan.writes : [])));
    } catch (error) {
      // A refusal may rest on a plan of this batch that now did not come true, so it is not answered either.
      for (const { reject } of batch) reject(storageFailure(error));
      return;
    }
    for (const outcome of outcomes) {
      if ('plan' in outcome) outcome.waiting.resolve(outcome.plan.apply());
      else outcome.waiting.reject(outcome.refusal);
    }
  }

  async #makeSure(): Promise<void> {
    if (!this.#unsure) return;
    await this.#options.backend.recover();
    await this.#options.reload();
    this.#unsure = false;
    this.#options.logger.warn({}, 'Storage writes again.');
  }

  async #write(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    const { backend, clock, writeSeconds } = this.#options;
    const startMs = clock.nowMs();
    try {
      await backend.write(writes, 'synced');
      writeSeconds?.observe((clock.nowMs() - startMs) / 1000);
    } catch (error) {
      this.#unsure = true;
      this.#options.logger.error(
        { error: storageFailure(error).message },
        'Storage cannot write: changes are refused.',
      );
      throw error;
    }
  }
}

async function planAll<Stage>(batch: readonly Waiting<Stage>[], stage: Stage): Promise<Outcome<Stage>[]> {
  const outcomes: Outcome<Stage>[] = [];
  for (const waiting of batch) {
    try {
      outcomes.push({ waiting, plan: await waiting.mutation.plan(stage) });
    } catch (error) {
      outcomes.push({ waiting, refusal: storageFailure(error) });
    }
  }
  return outcomes;
}

function stopping(): RelaisError {
  return storageError('unavailable', 'storage_stopping', 'The storage is stopping and takes no more changes.');
}

function queueFull(name: string, limit: number, used: number): RelaisError {
  const message = 'Too many changes wait for the disk; try again when some have been written.';
  return storageError('resource_exhausted', 'storage_queue_full', message, {
    fault: 'platform',
    retryAfterMs: 1000,
    limit: { name, limit, used },
  });
}
