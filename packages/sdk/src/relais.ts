import type { JsonValue, MessageInitShape } from '@bufbuild/protobuf';
import {
  type Client,
  type CallOptions as ConnectCallOptions,
  createClient,
  createContextValues,
  type Interceptor,
  type Transport,
} from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { backup, cluster, functions, invocation, keys, secrets, traces } from '@relais/contracts/edge';
import type { Diagnostic, Timings } from './errors/relais-error.js';
import { outputOf, type Payload, payloadOf } from './payload.js';
import { plain } from './plain.js';
import { checkAddress } from './transport/address.js';
import { ResilientTransport, repeatable } from './transport/resilient-transport.js';
import { type RetryOptions, retryDefaults } from './transport/retry-policy.js';
import { realTiming } from './transport/timing.js';

export interface RelaisOptions {
  /** Where the platform answers, for example "http://127.0.0.1:8080". */
  readonly url: string;
  /** API key, sent as a bearer token; none when absent. */
  readonly key?: string;
  /**
   * Of a call that says none, its retries included, milliseconds; default 60000. Node's own fetch waits at most 300000
   * for an answer to begin: use `stream` for calls that take longer, which is never silent as long, or bring a `transport`.
   */
  readonly timeoutMs?: number;
  /** What differs from the defaults; false: nothing is ever sent again. */
  readonly retry?: Partial<RetryOptions> | false;
  /** Instead of the global fetch. */
  readonly fetch?: typeof globalThis.fetch;
  /** Instead of Connect over fetch, for example one of gRPC; `url`, `key` and `fetch` are then its own business. */
  readonly transport?: Transport;
}

export interface CallOptions {
  /** Retries included, milliseconds. */
  readonly timeoutMs?: number;
  /** Gives the call up; it then rejects with code "cancelled". */
  readonly signal?: AbortSignal;
}

export interface InvokeOptions extends CallOptions {
  /** True when the function does no more if it runs twice; lets a call be repeated whose worker was lost. */
  readonly idempotent?: boolean;
}

/** The answer of a function. */
export interface Invocation<Output> {
  /** JSON when JSON was sent and the function answered JSON; text when it is text; else bytes. */
  readonly output: Output;
  readonly invocationId: string;
  /** From acceptance to the result, milliseconds. */
  readonly durationMs: number;
  /** What the function printed; at most 256 KiB. */
  readonly logs: string;
  /** True when logs were cut at the limit. */
  readonly logsTruncated: boolean;
  readonly timings: Timings;
}

/** How a call went, without its output. */
export type InvocationEnd = Omit<Invocation<never>, 'output'>;

/** A piece of a function's output; after the last one, how the call went. */
export type StreamEvent<Output> =
  | { readonly kind: 'chunk'; readonly output: Output }
  | ({ readonly kind: 'end' } & InvocationEnd);

/** What may be deployed: `name`, `source`, and `lang` or `filename`. */
export interface Deployment {
  readonly name: string;
  /** One file, or a `.tar.gz` or `.zip` of several. */
  readonly source: string | Uint8Array;
  readonly lang?: string;
  /** Tells the language when `lang` does not, and names the file in diagnostics. */
  readonly filename?: string;
  /** True: a name that is taken gets a new version. */
  readonly update?: boolean;
  readonly config?: MessageInitShape<typeof functions.FunctionConfigSchema>;
}

export interface Deployed {
  /** The new version. */
  readonly function: functions.Function;
  /** What the build said although it succeeded. */
  readonly warnings: readonly Diagnostic[];
}

const timeoutMsDefault = 60_000;
const noTimings: Timings = { queuedUs: 0, coldUs: 0, runUs: 0, fetchUs: 0, compileUs: 0, startUs: 0, initUs: 0 };

/** A client of one platform. Every method rejects with RelaisError and nothing else. */
export class Relais {
  /** Deploy, read and remove functions. */
  readonly functions: Client<typeof functions.FunctionService>;
  /** Call functions, in the words of the contract. */
  readonly invocations: Client<typeof invocation.InvocationService>;
  /** See and steer the fleet. */
  readonly cluster: Client<typeof cluster.ClusterService>;
  /** Make, list and revoke API keys. */
  readonly keys: Client<typeof keys.KeyService>;
  /** Set, list and remove secrets; no value is ever read back. */
  readonly secrets: Client<typeof secrets.SecretService>;
  /** Copy everything that is stored. */
  readonly backups: Client<typeof backup.BackupService>;
  /** Look at traces the platform has kept. */
  readonly traces: Client<typeof traces.TraceService>;

  /** Throws invalid_argument reason bad_key or bad_url. */
  constructor(options: RelaisOptions) {
    const { retry } = options;
    const transport = new ResilientTransport(options.transport ?? overFetch(options), {
      retry: retry === false ? undefined : { ...retryDefaults, ...retry },
      timeoutMs: options.timeoutMs ?? timeoutMsDefault,
      timing: realTiming,
    });
    this.functions = createClient(functions.FunctionService, transport);
    this.invocations = createClient(invocation.InvocationService, transport);
    this.cluster = createClient(cluster.ClusterService, transport);
    this.keys = createClient(keys.KeyService, transport);
    this.secrets = createClient(secrets.SecretService, transport);
    this.backups = createClient(backup.BackupService, transport);
    this.traces = createClient(traces.TraceService, transport);
  }

  /**
   * Calls a function and waits for its answer. `reference` is NAME, NAME@VERSION or an id. What `Output` says is not
   * checked: it is what the caller knows of the function.
   */
  async invoke<Output = JsonValue>(
    reference: string,
    payload?: Payload,
    options: InvokeOptions = {},
  ): Promise<Invocation<Output>> {
    const answer = await this.invocations.invoke(
      { function: reference, payload: payloadOf(payload) },
      callOptions(options, options.idempotent),
    );
    return { output: outputOf(answer.output) as Output, ...endOf(answer) };
  }

  /**
   * Calls a function and yields its output as it is produced, then how the call went; throws when it fails, even after
   * chunks. Nothing is read ahead, so a slow reader holds the function up, and leaving the loop gives the call up. Its
   * time is bounded by the function's own timeout, and by `timeoutMs` where that is given.
   */
  async *stream<Output = JsonValue>(
    reference: string,
    payload?: Payload,
    options: CallOptions = {},
  ): AsyncGenerator<StreamEvent<Output>, void, undefined> {
    const left = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
    const request = { function: reference, payload: payloadOf(payload) };
    try {
      for await (const { event } of this.invocations.invokeStream(request, callOptions({ ...options, signal }))) {
        if (event.case === 'chunk') yield { kind: 'chunk', output: outputOf(event.value.output) as Output };
        if (event.case === 'end') yield { kind: 'end', ...endOf(event.value) };
      }
    } finally {
      left.abort();
    }
  }

  /** Builds and stores a function; resolves with its new version and the warnings of the build. */
  async deploy({ source, ...rest }: Deployment, options: CallOptions = {}): Promise<Deployed> {
    const isText = typeof source === 'string';
    const request = {
      ...rest,
      source: isText ? { case: 'text' as const, value: source } : { case: 'data' as const, value: source },
    };
    const answer = await this.functions.deployFunction(request, callOptions(options));
    return { function: answer.function as functions.Function, warnings: answer.diagnostics };
  }
}

function endOf(told: invocation.InvokeResponse | invocation.InvocationEnd): InvocationEnd {
  const { durationMs, invocationId, logs, logsTruncated, timings } = told;
  return { invocationId, durationMs, logs, logsTruncated, timings: timings ? plain(timings) : noTimings };
}

function overFetch({ fetch, key, url }: RelaisOptions): Transport {
  checkAddress({ key, url });
  const authorize: Interceptor = (next) => (request) => {
    request.header.set('authorization', `Bearer ${key}`);
    return next(request);
  };
  return createConnectTransport({
    baseUrl: url.replace(/\/+$/, ''),
    useBinaryFormat: true,
    interceptors: key ? [authorize] : [],
    ...(fetch ? { fetch } : {}),
  });
}

function callOptions({ signal, timeoutMs }: CallOptions, mayRepeat = false): ConnectCallOptions {
  return {
    ...(signal ? { signal } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(mayRepeat ? { contextValues: createContextValues().set(repeatable, true) } : {}),
  };
}
