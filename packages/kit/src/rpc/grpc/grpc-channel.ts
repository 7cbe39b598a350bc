import { Client, connectivityState, credentials, Metadata } from '@grpc/grpc-js';
import { RelaisError } from '../../errors/relais-error.js';
import type { Component } from '../../lifecycle/component.js';
import type { SpanCarrier } from '../../telemetry/span-carrier.js';
import { systemClock } from '../../time/clock.js';
import type { CallContext } from '../context.js';
import type { ServiceOf } from '../service.js';
import { parseAddress } from './address.js';
import { setToken } from './bearer-token.js';
import { clientOptions, type Keepalive } from './bounds.js';
import type { LinkNameOf, RequestOf, ResponseOf, RpcDefinition, RpcMethod } from './definition.js';
import { dialLink } from './dial.js';
import type { BufferedLink } from './grpc-link.js';
import { OpenCalls } from './open-calls.js';
import { giveSpans } from './spans-trailer.js';
import { errorOfStatus, notSent, type Peer } from './status.js';

export interface GrpcChannelOptions {
  /** The peer's role or name, as failures tell it: "Cannot reach storage; …". */
  readonly name: string;
  /** "unix:/absolute/path" or "host:port". */
  readonly address: string;
  readonly token?: string | undefined;
  /** Takes the spans that come with answers. */
  readonly carrier?: SpanCarrier | undefined;
  /** Default: 10 s and 5 s on TCP, none on a Unix socket. */
  readonly keepalive?: Keepalive;
}

/** How long a call waits for a connection when there is none: longer than a peer takes to restart. */
const connectMsMax = 10_000;

/** Kept back for the answer's way home, so that the peer gives up before we do. */
const hopMs = 5;

/**
 * One connection to a peer, made on first use and made again when lost (50 ms to 1 s between attempts). Start rejects
 * with invalid_argument for a malformed address, never because the peer is away. A call waits up to 10 s of its budget for a
 * connection, so that nothing fails while a peer restarts; then it is unavailable and was not sent.
 */
export class GrpcChannel implements Component {
  readonly name: string;
  readonly #options: GrpcChannelOptions;
  readonly #peer: Peer;
  readonly #openCalls = new OpenCalls();
  #client: Client | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: GrpcChannelOptions) {
    this.name = options.name;
    this.#options = options;
    this.#peer = { name: options.name, address: options.address };
  }

  async start(): Promise<void> {
    const { address, keepalive } = this.#options;
    this.#client = new Client(address, credentials.createInsecure(), clientOptions(parseAddress(address), keepalive));
  }

  /** Refuses new calls with unavailable, lets those under way finish within the grace, then cancels them. */
  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#drain(graceMs);
    return this.#stopped;
  }

  /** A client with the interface the role itself has. Its methods reject with RelaisError only. */
  service<Definition extends RpcDefinition>(definition: Definition): ServiceOf<Definition> {
    const methods = Object.entries(definition)
      .filter(([, method]) => !method.requestStream && !method.responseStream)
      .map(([name, method]) => [
        name,
        (request: unknown, context: CallContext) => this.#call(method, request, context),
      ]);
    return Object.fromEntries(methods);
  }

  /**
   * A way to open links of one method. A dial rejects with unavailable when the peer does not take the link within 2 s;
   * the reason is the peer's when it refused, for example "bad_internal_token".
   */
  dial<Definition extends RpcDefinition, Name extends LinkNameOf<Definition> & string>(
    definition: Definition,
    name: Name,
    traceparent?: string,
  ): () => Promise<BufferedLink<RequestOf<Definition[Name]>, ResponseOf<Definition[Name]>>> {
    const method: RpcMethod | undefined = definition[name];
    if (!method) throw new TypeError(`no method ${name}`);
    return async () => {
      const client = this.#openClient();
      const link = await dialLink(client, method, this.#metadata(traceparent, true), this.#peer, this.#openCalls);
      return link as unknown as BufferedLink<RequestOf<Definition[Name]>, ResponseOf<Definition[Name]>>;
    };
  }

  async #call(method: RpcMethod, request: unknown, context: CallContext): Promise<unknown> {
    const client = this.#openClient();
    const { signal, budgetMs } = context;
    if (signal?.aborted) throw notWanted();
    if (budgetMs <= hopMs) throw this.#noBudget(method);
    if (client.getChannel().getConnectivityState(false) === connectivityState.READY) {
      return this.#send(client, method, request, context);
    }
    const startMs = systemClock.nowMs();
    await this.#connected(client, context);
    const leftMs = budgetMs - (systemClock.nowMs() - startMs);
    if (leftMs <= hopMs) throw this.#noBudget(method);
    return this.#send(client, method, request, { ...context, budgetMs: leftMs });
  }

  /** Resolves when there is a connection; rejects with unavailable when there is none in time, cancelled by the signal. */
  #connected(client: Client, { budgetMs, signal }: CallContext): Promise<void> {
    return new Promise((resolve, reject) => {
      const waitMs = Math.min(budgetMs - hopMs, connectMsMax);
      const giveUp = () => settle(notWanted());
      const open = { cancel: () => settle(notSent(this.#peer, 'this side is stopping')) };
      const settle = (error: RelaisError | undefined) => {
        this.#openCalls.remove(open);
        signal?.removeEventListener('abort', giveUp);
        if (error) reject(error);
        else resolve();
      };
      this.#openCalls.add(open);
      signal?.addEventListener('abort', giveUp);
      client.waitForReady(Date.now() + waitMs, (error) => {
        settle(error ? notSent(this.#peer, `no connection within ${Math.round(waitMs)} ms`) : undefined);
      });
    });
  }

  #send(client: Client, method: RpcMethod, request: unknown, context: CallContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { signal, budgetMs } = context;
      const cancel = () => call.cancel();
      const call = client.makeUnaryRequest<unknown, unknown>(
        method.path,
        method.requestSerialize as (value: unknown) => Buffer,
        method.responseDeserialize,
        request,
        this.#metadata(context.traceparent, false),
        { deadline: Date.now() + budgetMs - hopMs },
        (error, answer) => {
          this.#openCalls.remove(call);
          signal?.removeEventListener('abort', cancel);
          if (!error) resolve(answer);
          else reject(signal?.aborted ? notWanted() : errorOfStatus(error, this.#peer, method.path));
        },
      );
      const { carrier } = this.#options;
      if (carrier) call.once('status', ({ metadata }) => giveSpans(carrier, context.traceparent, metadata));
      this.#openCalls.add(call);
      signal?.addEventListener('abort', cancel);
    });
  }

  #openClient(): Client {
    if (this.#client && !this.#stopped) return this.#client;
    throw notSent(this.#peer, this.#stopped ? 'this side is stopping' : 'the channel has not been started');
  }

  #metadata(traceparent: string | undefined, waitForReady: boolean): Metadata {
    const metadata = new Metadata({ waitForReady });
    if (this.#options.token) setToken(metadata, this.#options.token);
    if (traceparent) metadata.set('traceparent', traceparent);
    return metadata;
  }

  #noBudget(method: RpcMethod): RelaisError {
    return new RelaisError('deadline_exceeded', `No time was left to ask ${this.#peer.name} for ${method.path}.`, {
      reason: 'budget_spent',
      fault: 'platform',
    });
  }

  async #drain(graceMs: number): Promise<void> {
    await this.#openCalls.drain(graceMs, systemClock);
    this.#client?.close();
  }
}

function notWanted(): RelaisError {
  return new RelaisError('cancelled', 'The caller no longer waits for the answer.');
}
