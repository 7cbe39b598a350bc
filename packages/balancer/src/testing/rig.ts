import { type ErrorDetail, Job, type JobResult, type OutputPart, type Scale } from '@relais/contracts';
import {
  type Flow,
  type Logger,
  ManualClock,
  passThroughTracer,
  type SpanCarrier,
  silentLogger,
  type Tracer,
} from '@relais/kit';
import { Balancer } from '../balancer.js';
import type { BalancerBounds } from '../bounds.js';
import { seededRandom } from './seeded-random.js';

export interface Rig {
  readonly clock: ManualClock;
  readonly balancer: Balancer;
}

/** A started balancer on a clock that stands still. */
export async function startRig(
  options: {
    strategy?: string;
    bounds?: Partial<BalancerBounds>;
    tracer?: Tracer;
    logger?: Logger;
    carrier?: SpanCarrier;
  } = {},
): Promise<Rig> {
  const clock = new ManualClock();
  const balancer = new Balancer({
    clock,
    logger: options.logger ?? silentLogger,
    tracer: options.tracer ?? passThroughTracer,
    strategy: options.strategy ?? 'fifo',
    random: seededRandom(1),
    bounds: options.bounds ?? {},
    ...(options.carrier ? { carrier: options.carrier } : {}),
  });
  await balancer.start();
  return { clock, balancer };
}

export interface CallSpec {
  readonly fn?: string;
  readonly lang?: string;
  readonly id?: number;
  readonly invocationId?: string;
  readonly budgetMs?: number;
  readonly payload?: string;
  readonly concurrencyMax?: number;
  readonly strategy?: string;
  readonly streamWindowBytes?: number;
  readonly idempotent?: boolean;
  readonly scale?: Partial<Scale>;
}

/** A call of a function. */
export function call(spec: CallSpec = {}): Job {
  const fn = spec.fn ?? 'hello_1';
  return Job.fromPartial({
    id: spec.id ?? 7,
    invocationId: spec.invocationId ?? 'inv',
    lang: spec.lang ?? 'c',
    budgetMs: spec.budgetMs ?? 10_000,
    attempt: 1,
    work: {
      $case: 'invoke',
      value: {
        functionId: fn,
        functionName: fn,
        payload: Buffer.from(spec.payload ?? 'in'),
        concurrencyMax: spec.concurrencyMax ?? 0,
        strategy: spec.strategy ?? '',
        streamWindowBytes: spec.streamWindowBytes ?? 0,
        idempotent: spec.idempotent ?? false,
        ...(spec.scale ? { scale: spec.scale } : {}),
      },
    },
  });
}

let lastCaller = 0;

/** A build, by default of a caller that has no other. */
export function build(lang = 'c', budgetMs = 10_000, caller = `caller-${++lastCaller}`): Job {
  return Job.fromPartial({
    id: 8,
    invocationId: 'build',
    lang,
    budgetMs,
    attempt: 1,
    work: { $case: 'build', value: { source: Buffer.from('src'), filename: 'a.c', caller } },
  });
}

/** A call's answer as it stands, for tests that look before and after. */
export class Answer {
  result: JobResult | undefined;
  error: unknown;
  readonly promise: Promise<void>;

  constructor(promise: Promise<JobResult>) {
    this.promise = promise.then(
      (result) => {
        this.result = result;
      },
      (error: unknown) => {
        this.error = error;
      },
    );
  }

  get output(): string | undefined {
    const { outcome } = this.result ?? {};
    return outcome?.$case === 'invoked' ? outcome.value.output.toString() : undefined;
  }

  get failure(): ErrorDetail | undefined {
    const { outcome } = this.result ?? {};
    return outcome?.$case === 'failure' ? outcome.value : undefined;
  }

  get open(): boolean {
    return this.result === undefined && this.error === undefined;
  }
}

export function ask(rig: Rig, job: Job, signal?: AbortSignal, flow?: Flow<OutputPart>): Answer {
  const context = signal ? { budgetMs: job.budgetMs, signal } : { budgetMs: job.budgetMs };
  return new Answer(rig.balancer.exchange(job, context, flow));
}
