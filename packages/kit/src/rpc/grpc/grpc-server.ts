import { setMaxListeners } from 'node:events';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { RelaisError } from '../../errors/relais-error.js';
import type { Component } from '../../lifecycle/component.js';
import type { Logger } from '../../logging/logger.js';
import type { SpanCarrier } from '../../telemetry/span-carrier.js';
import { systemClock } from '../../time/clock.js';
import { type Address, formatAddress, isLocal, parseAddress } from './address.js';
import { requireToken } from './bearer-token.js';
import { type Keepalive, serverOptions } from './bounds.js';
import type { Introspection } from './introspection.js';
import type { ServiceRegistration } from './registration.js';
import { prepareSocketFile, protectSocketFile } from './socket-file.js';

export interface GrpcServerOptions {
  readonly name: string;
  /** "unix:/absolute/path" or "host:port"; port 0 takes a free one. Beyond loopback a token is required. */
  readonly address: string;
  /** When given, every call must carry it as "authorization: Bearer TOKEN", health and reflection too. */
  readonly token?: string | undefined;
  readonly registrations: readonly ServiceRegistration[];
  /** A FileDescriptorSet that holds the services registered; reflection answers from it. */
  readonly descriptorSet: Buffer;
  readonly logger: Logger;
  /** Gives the spans that go out with answers. */
  readonly carrier?: SpanCarrier | undefined;
  /** Default: 10 s and 5 s on TCP, none on a Unix socket. */
  readonly keepalive?: Keepalive;
}

/**
 * Serves roles over gRPC, with server reflection and the standard health service. Start rejects with invalid_argument
 * (malformed address) or failed_precondition (address taken, no token beyond loopback). Messages of more than 64 MiB end
 * their call with resource_exhausted; so does a link whose peer leaves more than 64 MiB unread.
 */
export class GrpcServer implements Component {
  readonly name: string;
  readonly #options: GrpcServerOptions;
  readonly #draining = new AbortController();
  #server: Server | undefined;
  #introspection: Introspection | undefined;
  #boundAddress: string | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: GrpcServerOptions) {
    this.name = options.name;
    this.#options = options;
    // One listener per link is no leak.
    setMaxListeners(0, this.#draining.signal);
  }

  /** Where it listens, with the real port; the configured address before start. */
  get boundAddress(): string {
    return this.#boundAddress ?? this.#options.address;
  }

  async start(): Promise<void> {
    const address = parseAddress(this.#options.address);
    const { token, name } = this.#options;
    if (!token && !isLocal(address)) {
      throw new RelaisError(
        'failed_precondition',
        `${name} would listen on ${this.#options.address}, beyond this machine, without a token; set one, or use a loopback address or a Unix socket.`,
        { reason: 'token_required' },
      );
    }
    if (address.kind === 'unix') await prepareSocketFile(address.path);
    // Loaded here, for it takes a fifth of the time in which a process starts that serves nothing.
    const { Introspection } = await import('./introspection.js');
    const server = this.#newServer(address, token);
    this.#server = server;
    const services = this.#options.registrations.map((each) => each.serviceName);
    this.#introspection = new Introspection(server, services, this.#options.descriptorSet);
    this.#boundAddress = await bind(server, address, name);
    if (address.kind === 'unix') await protectSocketFile(address.path);
    this.#introspection.setHealth('SERVING');
  }

  /** Links learn of it by their `draining` signal; calls and links still open after the grace are cut. */
  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#drain(graceMs);
    return this.#stopped;
  }

  async #drain(graceMs: number): Promise<void> {
    this.#introspection?.setHealth('NOT_SERVING');
    this.#draining.abort();
    const server = this.#server;
    if (!server) return;
    const cancelCut = systemClock.after(graceMs, () => server.forceShutdown());
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    cancelCut();
  }

  #newServer(address: Address, token: string | undefined): Server {
    const { carrier, registrations, keepalive, logger } = this.#options;
    const interceptors = token ? [requireToken(token)] : [];
    const server = new Server({ ...serverOptions(address, keepalive), interceptors });
    const host = { logger, carrier, draining: this.#draining.signal, address: () => this.boundAddress };
    for (const each of registrations) {
      const { definition, implementation } = each.bind(host);
      server.addService(definition, implementation);
    }
    return server;
  }
}

function bind(server: Server, address: Address, name: string): Promise<string> {
  const text = formatAddress(address);
  return new Promise((resolve, reject) => {
    server.bindAsync(text, ServerCredentials.createInsecure(), (error, port) => {
      if (error) {
        const message = `${name} cannot listen on ${text}: ${error.message}. Choose an address that is free and this machine's own.`;
        reject(new RelaisError('failed_precondition', message, { reason: 'address_in_use', cause: error }));
      } else {
        resolve(address.kind === 'unix' ? text : formatAddress({ ...address, port }));
      }
    });
  });
}
