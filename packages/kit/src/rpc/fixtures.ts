// What the rpc tests share: servers and channels that end with the test, and a codec over the Dispatch contract.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type DispatchRequest,
  type DispatchResponse,
  Job,
  JobResult,
  type ListFunctionsRequest,
  ListFunctionsResponse,
  type OutputPart,
  StorageServiceService,
} from '@relais/contracts';
import { RelaisError, toDetail } from '../errors/relais-error.js';
import type { Component } from '../lifecycle/component.js';
import { silentLogger } from '../logging/logger.js';
import type { AnsweringCodec, AskingCodec } from './exchange/codec.js';
import { partCost } from './flow.js';
import { GrpcChannel, type GrpcChannelOptions } from './grpc/grpc-channel.js';
import { GrpcServer, type GrpcServerOptions } from './grpc/grpc-server.js';
import type { ServiceOf } from './service.js';

const contracts = dirname(dirname(createRequire(import.meta.url).resolve('@relais/contracts')));

export const descriptorSet = readFileSync(join(contracts, 'descriptors.binpb'));

/** Starts things and stops them, last first, when the test is over. */
export class Bench {
  readonly directory = mkdtempSync(join(tmpdir(), 'relais-rpc-'));
  readonly address = `unix:${this.directory}/s.sock`;
  readonly #components: Component[] = [];

  async up<C extends Component>(component: C): Promise<C> {
    this.#components.push(component);
    await component.start();
    return component;
  }

  server(options: Partial<GrpcServerOptions>): Promise<GrpcServer> {
    return this.up(
      new GrpcServer({
        name: 'storage',
        address: this.address,
        registrations: [],
        descriptorSet,
        logger: silentLogger,
        ...options,
      }),
    );
  }

  channel(options: Partial<GrpcChannelOptions> = {}): Promise<GrpcChannel> {
    return this.up(new GrpcChannel({ name: 'storage', address: this.address, ...options }));
  }

  async down(): Promise<void> {
    for (const component of this.#components.reverse()) await component.stop(0);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

type Storage = ServiceOf<typeof StorageServiceService>;

/** A storage of which a test writes the methods it needs. */
export function storageOf(methods: Partial<Storage>): Storage {
  const absent = async () => {
    throw new RelaisError('unimplemented', 'not part of this test');
  };
  const all = Object.keys(StorageServiceService).map((name) => [name, absent]);
  return { ...Object.fromEntries(all), ...methods };
}

/** A storage whose listFunctions does as told. */
export function listing(list: Storage['listFunctions']): Storage {
  return storageOf({ listFunctions: list });
}

export const emptyList = async (_request: ListFunctionsRequest) => ListFunctionsResponse.create();

/** The failure a promise rejects with; fails the test when it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<RelaisError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!RelaisError.is(outcome)) throw new Error(`expected a RelaisError, got ${String(outcome)}`);
  return outcome;
}

/** Resolves when the condition holds; rejects after 10 s. Looks at it once per turn of the loop. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited 10 s for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export const askingCodec: AskingCodec<Job, JobResult, DispatchRequest, DispatchResponse, OutputPart> = {
  wrap: (items, cancelIds) => ({
    jobs: items.map(({ id, question, budgetMs, traceparent }) => ({
      ...question,
      id,
      budgetMs: Math.ceil(budgetMs),
      traceparent: traceparent ?? '',
    })),
    cancelIds: [...cancelIds],
    credits: [],
  }),
  unwrap: (frame) => frame.results.map((answer) => ({ id: answer.id, answer })),
  isLeaving: ({ outcome }) => outcome?.$case === 'failure' && outcome.value.reason === 'stopping',
  sizeOf: (job) => 64 + payloadOf(job).length,
  parts: {
    unwrap: (frame) => frame.parts.map((part) => ({ id: part.id, part })),
    costOf: (part) => partCost(part.data.length),
    wrapCredits: (credits) => ({ jobs: [], cancelIds: [], credits: [...credits] }),
  },
};

export const answeringCodec: AnsweringCodec<Job, JobResult, DispatchResponse, DispatchRequest, OutputPart> = {
  unwrap: (frame) => ({
    questions: frame.jobs.map((job) => ({
      id: job.id,
      question: job,
      budgetMs: job.budgetMs,
      traceparent: job.traceparent,
    })),
    cancelIds: frame.cancelIds,
  }),
  wrap: (answers) => ({ results: answers.map(({ id, answer }) => ({ ...answer, id })), parts: [] }),
  failure: (id, error) => JobResult.create({ id, outcome: { $case: 'failure', value: toDetail(error) } }),
  sizeOf: (result) => 64 + outputOf(result).length,
  parts: {
    windowOf: ({ work }) => (work?.$case === 'invoke' ? work.value.streamWindowBytes : 0),
    unwrapCredits: (frame) => frame.credits,
    wrap: (parts) => ({ results: [], parts: parts.map(({ id, part }) => ({ ...part, id })) }),
    sizeOf: (part) => 64 + part.data.length,
  },
};

export function jobOf(payload: Buffer): Job {
  return Job.create({ lang: 'c', work: { $case: 'invoke', value: { functionId: 'f_1', payload } } });
}

/** A call whose output is wanted in parts. */
export function streamingJobOf(payload: Buffer, streamWindowBytes: number): Job {
  return Job.create({ lang: 'c', work: { $case: 'invoke', value: { functionId: 'f_1', payload, streamWindowBytes } } });
}

export function payloadOf(job: Job): Buffer {
  return job.work?.$case === 'invoke' ? job.work.value.payload : Buffer.alloc(0);
}

export function resultOf(output: Buffer): JobResult {
  return JobResult.create({ outcome: { $case: 'invoked', value: { output } } });
}

export function outputOf(result: JobResult): Buffer {
  return result.outcome?.$case === 'invoked' ? result.outcome.value.output : Buffer.alloc(0);
}
