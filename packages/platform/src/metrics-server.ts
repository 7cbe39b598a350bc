import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Component,
  type MetricSource,
  metricsContentTypes,
  metricsFormatOf,
  RelaisError,
  renderMetrics,
} from '@relais/kit';

const headersTimeoutMs = 5000;
const connectionsMax = 32;

/** GET /metrics of one process on an address of its own, and nothing else: no function and no secret is reached by it. */
export class MetricsServer implements Component {
  readonly name = 'metrics';
  readonly #address: string;
  readonly #server: Server;

  /** `address` is HOST:PORT; port 0 takes a free one. */
  constructor(address: string, source: MetricSource) {
    this.#address = address;
    this.#server = createServer(
      { headersTimeout: headersTimeoutMs, requestTimeout: headersTimeoutMs },
      (request, response) => answer(request, response, source),
    );
    this.#server.maxConnections = connectionsMax;
  }

  /** Where it listens; known after start. */
  get boundAddress(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Rejects with failed_precondition reason cannot_listen. */
  start(): Promise<void> {
    const at = this.#address.lastIndexOf(':');
    const host = this.#address.slice(0, at).replace(/^\[|\]$/g, '');
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => reject(cannotListen(this.#address, cause)));
      this.#server.listen(Number(this.#address.slice(at + 1)), host, resolve);
    });
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

function answer(request: IncomingMessage, response: ServerResponse, source: MetricSource): void {
  const isFound = request.url?.split('?')[0] === '/metrics' && (request.method === 'GET' || request.method === 'HEAD');
  if (!isFound) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Only GET /metrics is here.\n');
    return;
  }
  const format = metricsFormatOf(request.headers.accept);
  response.writeHead(200, { 'content-type': metricsContentTypes[format], 'x-content-type-options': 'nosniff' });
  response.end(renderMetrics(source.families(), format));
}

function cannotListen(address: string, cause: Error): RelaisError {
  return new RelaisError('failed_precondition', `Cannot show metrics on ${address}: ${cause.message}`, {
    reason: 'cannot_listen',
    cause,
  });
}
