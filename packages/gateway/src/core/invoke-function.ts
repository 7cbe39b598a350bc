import {
  Form,
  type FunctionVersion,
  type HttpRequest,
  type HttpResponse,
  type InvokeWork,
  Isolation,
  type JobResult,
  Timings,
} from '@relais/contracts';
import { type Clock, invocationId, RelaisError, traceIdOf } from '@relais/kit';
import type { CachedFunctions } from './cached-functions.js';
import type { Caller } from './caller.js';
import { brokenContract, tooLarge } from './failures.js';
import { configBounds } from './function-config.js';
import type { JobDispatcher, Work } from './job-dispatcher.js';
import type { Secrets } from './secrets.js';
import type { StartCosts } from './start-costs.js';
import type { StaticPages } from './static-pages.js';
import { StreamedOutput } from './streamed-output.js';

export interface InvokeInput {
  /** A function reference. */
  readonly function: string;
  readonly payload: Buffer;
  /** Present for an HTTP trigger. */
  readonly http?: HttpRequest;
}

export interface InvokeOutput {
  readonly invocationId: string;
  /** Name of the function that ran. */
  readonly functionName: string;
  readonly output: Buffer;
  /** Status and headers, when the function set any. */
  readonly http: HttpResponse | undefined;
  /** From acceptance to the result, milliseconds. */
  readonly durationMs: number;
  readonly logs: string;
  readonly logsTruncated: boolean;
  /** Where the time went. */
  readonly timings: Timings;
}

export interface InvokeFunctionOptions {
  readonly functions: CachedFunctions;
  readonly secrets: Secrets;
  readonly jobs: JobDispatcher;
  readonly pages: StaticPages;
  /** Told what each call's start took. */
  readonly costs: StartCosts;
  readonly clock: Clock;
  readonly payloadBytesMax: number;
  /** Output under way to one caller that takes it in parts. */
  readonly streamWindowBytes: number;
}

/** Runs a function and waits for its output. */
export class InvokeFunction {
  readonly #options: InvokeFunctionOptions;

  constructor(options: InvokeFunctionOptions) {
    this.#options = options;
  }

  /**
   * Errors: permission_denied, invalid_argument, not_found, resource_exhausted, deadline_exceeded, aborted, unavailable; with the
   * invocation's id once the function is known.
   */
  async run(input: InvokeInput, caller: Caller): Promise<InvokeOutput> {
    const { clock, functions } = this.#options;
    const startMs = clock.nowMs();
    this.#checkSize(input.payload);
    const version = functions.peek(input.function, caller) ?? (await functions.resolve(input.function, caller));
    const id = invocationId(clock.wallMs());
    if (version.form === Form.FORM_STATIC) return this.#page(version, id, startMs, caller);
    const values = this.#options.secrets.values(version.config?.secrets ?? [], caller);
    const secrets = values instanceof Promise ? await values : values;
    const result = await this.#options.jobs.run(workOf(version, id, input, secrets, 0), caller);
    return this.#outputOf(version, id, startMs, result);
  }

  /**
   * Runs a function and hands on its output as it comes. Rejects like run where nothing has begun; what happens later is
   * in the `end` of what it resolves with.
   */
  async start(input: InvokeInput, caller: Caller): Promise<StreamedOutput> {
    const { clock, functions, jobs, streamWindowBytes } = this.#options;
    const startMs = clock.nowMs();
    this.#checkSize(input.payload);
    const version = functions.peek(input.function, caller) ?? (await functions.resolve(input.function, caller));
    const id = invocationId(clock.wallMs());
    const named = { invocationId: id, functionName: version.name };
    return new StreamedOutput(named, streamWindowBytes, caller, async (flow, whileWanted) => {
      if (version.form === Form.FORM_STATIC) return this.#page(version, id, startMs, whileWanted);
      const secrets = await this.#options.secrets.values(version.config?.secrets ?? [], caller);
      const result = mayStream(version)
        ? await jobs.run(workOf(version, id, input, secrets, flow.windowBytes), whileWanted, flow)
        : await jobs.run(workOf(version, id, input, secrets, 0), whileWanted);
      return this.#outputOf(version, id, startMs, result);
    });
  }

  #checkSize(payload: Buffer): void {
    const { payloadBytesMax } = this.#options;
    if (payload.length > payloadBytesMax) {
      throw tooLarge('payload', 'payloadBytesMax', payloadBytesMax, payload.length);
    }
  }

  #outputOf(version: FunctionVersion, id: string, startMs: number, result: JobResult): InvokeOutput {
    if (result.outcome?.$case !== 'invoked') throw brokenContract('A call was answered with something else.');
    if (result.timings) this.#options.costs.record(version.id, result.timings);
    return {
      invocationId: id,
      functionName: version.name,
      output: result.outcome.value.output,
      http: result.outcome.value.http,
      durationMs: elapsedMs(startMs, this.#options.clock),
      logs: result.logs,
      logsTruncated: result.logsTruncated,
      timings: result.timings ?? Timings.create(),
    };
  }

  async #page(version: FunctionVersion, id: string, startMs: number, caller: Caller): Promise<InvokeOutput> {
    const { clock, pages } = this.#options;
    try {
      const output = await pages.get(version, caller);
      const durationMs = elapsedMs(startMs, clock);
      const timings = Timings.create();
      const told = { invocationId: id, functionName: version.name, durationMs, timings };
      return { ...told, output, http: undefined, logs: '', logsTruncated: false };
    } catch (error) {
      throw RelaisError.from(error).with({ invocationId: id, traceId: traceIdOf(caller.traceparent) });
    }
  }
}

/** An instance that is used again is in the worker's own loop, from which nothing leaves before the call ends. */
function mayStream({ config, wasm }: FunctionVersion): boolean {
  return !wasm || config?.isolation !== Isolation.ISOLATION_REUSE;
}

function workOf(
  version: FunctionVersion,
  id: string,
  input: InvokeInput,
  secrets: InvokeWork['secrets'],
  streamWindowBytes: number,
): Work {
  return {
    invocationId: id,
    lang: version.lang,
    version: version.version,
    budgetMs: version.config?.timeoutMs || configBounds.timeoutMs.default,
    work: {
      $case: 'invoke',
      value: {
        functionId: version.id,
        functionName: version.name,
        payload: input.payload,
        concurrencyMax: version.config?.concurrency ?? 0,
        http: input.http,
        streamWindowBytes,
        secrets,
        strategy: version.config?.strategy ?? '',
        idempotent: version.config?.idempotent ?? false,
        scale: version.config?.scale,
      },
    },
  };
}

// Microseconds are as fine as it can mean anything.
function elapsedMs(startMs: number, clock: Clock): number {
  return Math.round((clock.nowMs() - startMs) * 1000) / 1000;
}
