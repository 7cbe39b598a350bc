import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { RelaisError } from '../errors/relais-error.js';
import { type Logger, silentLogger } from '../logging/logger.js';
import { ManualClock } from '../time/manual-clock.js';
import { startTelemetry } from './start-telemetry.js';
import type { Telemetry, TelemetryOptions } from './telemetry.js';
import { isTraceparent, newTraceparent, spanIdOf, traceIdOf } from './traceparent.js';

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
  status: { code: number; message?: string };
}

interface OtlpRequest {
  resourceSpans: {
    resource: { attributes: OtlpSpan['attributes'] };
    scopeSpans: { scope: { name: string; version: string }; spans: OtlpSpan[] }[];
  }[];
}

/** An OTLP/HTTP collector that keeps what it is sent. */
class HttpCollector {
  readonly requests: OtlpRequest[] = [];
  readonly paths = new Set<string>();
  /** False: takes requests and never answers. */
  answering = true;
  readonly #server: HttpServer;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      this.paths.add(`${request.method} ${request.url}`);
      this.requests.push(JSON.parse(Buffer.concat(chunks).toString()));
      if (this.answering) response.setHeader('content-type', 'application/json').end('{}');
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get spans(): OtlpSpan[] {
    return this.requests.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    );
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function valuesOf(attributes: OtlpSpan['attributes']): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

function options(over: Partial<TelemetryOptions>): TelemetryOptions {
  return {
    serviceName: 'relais',
    version: '1.2.3',
    exporter: undefined,
    sampleRatio: 1,
    logger: silentLogger,
    ...over,
  };
}

let telemetry: Telemetry | undefined;
let collector: HttpCollector;
let url: string;

beforeEach(async () => {
  collector = new HttpCollector();
  url = await collector.listen();
});

afterEach(async () => {
  await telemetry?.shutdown();
  await collector.close();
});

async function start(over: Partial<TelemetryOptions> = {}): Promise<Telemetry> {
  telemetry = await startTelemetry(options({ exporter: { kind: 'otlp-http', url }, ...over }));
  return telemetry;
}

describe('spans that are kept', () => {
  test('parent and child of different roles connect, and shutdown flushes them', async () => {
    const { tracer, shutdown } = await start();
    const root = tracer('gateway').start('POST /invoke', { kind: 'server', attributes: { 'http.status': 200 } });
    const child = tracer('balancer').start('queue', { kind: 'internal', parent: root.traceparent });
    child.set({ 'relais.worker': 'w1' });
    child.end();
    root.end();
    await shutdown();

    const [childSeen, rootSeen] = collector.spans;
    expect([root.recording, isTraceparent(root.traceparent), isTraceparent(child.traceparent)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(rootSeen).toMatchObject({ name: 'POST /invoke', kind: 2, spanId: spanIdOf(root.traceparent) });
    expect(rootSeen?.parentSpanId).toBeUndefined();
    expect(childSeen).toMatchObject({ name: 'queue', kind: 1, parentSpanId: rootSeen?.spanId });
    expect([childSeen?.traceId, rootSeen?.traceId]).toEqual(Array(2).fill(traceIdOf(root.traceparent)));
    expect(valuesOf(rootSeen?.attributes ?? [])).toEqual({ 'http.status': 200 });
    expect(valuesOf(childSeen?.attributes ?? [])).toEqual({ 'relais.worker': 'w1' });
    expect([...collector.paths]).toEqual(['POST /v1/traces']);
  });

  test('the resource names the service, its version and the process; the scope names the role', async () => {
    const { tracer, flush } = await start();
    tracer('worker').start('run', { kind: 'internal' }).end();
    await flush();
    const [sent] = collector.requests.flatMap(({ resourceSpans }) => resourceSpans);
    expect(valuesOf(sent?.resource.attributes ?? [])).toMatchObject({
      'service.name': 'relais',
      'service.version': '1.2.3',
      'process.pid': process.pid,
    });
    expect(sent?.scopeSpans.map(({ scope }) => scope)).toEqual([{ name: 'worker', version: '1.2.3' }]);
  });

  test('a failure marks the span with code, reason and fault', async () => {
    const { tracer, flush } = await start();
    const failure = new RelaisError('aborted', 'It trapped.', { reason: 'function_failed' });
    tracer('worker').start('run', { kind: 'internal' }).end(failure);
    await flush();
    expect(collector.spans[0]?.status).toEqual({ code: 2, message: 'It trapped.' });
    expect(valuesOf(collector.spans[0]?.attributes ?? [])).toEqual({
      'error.type': 'aborted',
      'relais.reason': 'function_failed',
      'relais.fault': 'function',
    });
  });

  test('times are the wall clock of now', async () => {
    const { tracer, flush } = await start();
    const beforeMs = Date.now();
    tracer('worker').start('run', { kind: 'internal' }).end();
    const afterMs = Date.now();
    await flush();
    const [startMs, endMs] = [collector.spans[0]?.startTimeUnixNano, collector.spans[0]?.endTimeUnixNano].map(
      (nanos) => Number(BigInt(nanos ?? 0) / 1000n) / 1000,
    );
    expect(startMs).toBeGreaterThanOrEqual(beforeMs - 1);
    expect(endMs).toBeGreaterThanOrEqual(startMs ?? Number.POSITIVE_INFINITY);
    expect(endMs).toBeLessThanOrEqual(afterMs + 2);
  });

  test('monotonic times of the caller are kept to the microsecond', async () => {
    const clock = new ManualClock(1_700_000_000_000);
    const { tracer, flush } = await start({ clock });
    clock.advance(5_000);
    tracer('balancer').start('queue', { kind: 'internal', startMs: 1_000.25 }).end(undefined, 1_003.5);
    await flush();
    expect(collector.spans[0]).toMatchObject({
      startTimeUnixNano: '1700000001000250000',
      endTimeUnixNano: '1700000001003500000',
    });
  });

  test('a span ends once and takes nothing after', async () => {
    const { tracer, flush } = await start();
    const span = tracer('worker').start('run', { kind: 'internal' });
    span.end();
    span.set({ late: true });
    span.end(new RelaisError('internal', 'late'));
    await flush();
    expect(collector.spans.map(({ status, attributes }) => [status.code, attributes])).toEqual([[0, []]]);
  });

  test('a trace the caller keeps is kept whatever the ratio', async () => {
    const { tracer, flush } = await start({ sampleRatio: 0 });
    const parent = newTraceparent(true);
    tracer('gateway').start('call', { kind: 'server', parent }).end();
    await flush();
    expect(collector.spans[0]).toMatchObject({ traceId: traceIdOf(parent), parentSpanId: spanIdOf(parent) });
  });
});

describe('spans that are not kept', () => {
  test('a trace the caller does not keep is handed on as it came', async () => {
    const { tracer, flush } = await start();
    const parent = newTraceparent(false);
    const span = tracer('gateway').start('call', { kind: 'server', parent });
    span.end();
    await flush();
    expect([span.traceparent, span.recording, collector.spans]).toEqual([parent, false, []]);
  });

  test.each([
    [0, 0, 0],
    [1, 4000, 4000],
    [0.25, 700, 1300],
  ])('a ratio of %d keeps between %d and %d of 4000 new traces', async (sampleRatio, least, most) => {
    const { tracer } = await start({ sampleRatio });
    const gateway = tracer('gateway');
    const spans = Array.from({ length: 4000 }, () => gateway.start('call', { kind: 'server' }));
    const kept = spans.filter((span) => span.recording).length;
    expect(kept).toBeGreaterThanOrEqual(least);
    expect(kept).toBeLessThanOrEqual(most);
    expect(spans.filter((span) => span.recording !== span.traceparent.endsWith('-01'))).toEqual([]);
  });

  test('without an exporter every trace passes through', async () => {
    const { tracer, flush, shutdown } = await startTelemetry(options({}));
    const parent = newTraceparent(true);
    const span = tracer('gateway').start('call', { kind: 'server', parent });
    await Promise.all([flush(), shutdown()]);
    expect([span.recording, span.traceparent]).toEqual([false, parent]);
  });
});

describe('a collector that fails', () => {
  test('that is away neither blocks nor throws, and is told of once', async () => {
    await collector.close();
    const warnings: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields) => warnings.push(fields) };
    const { tracer, shutdown, flush } = await start({ logger });
    const end = () => tracer('gateway').start('call', { kind: 'server' }).end();
    for (let count = 0; count < 5_000; count++) end();
    const beganMs = performance.now();
    await shutdown();
    expect(performance.now() - beganMs).toBeLessThan(6_000);
    expect(warnings).toHaveLength(1);
    expect(end).not.toThrow();
    await expect(flush()).resolves.toBeUndefined();
  });

  test('that hangs keeps a bounded number of spans waiting', async () => {
    collector.answering = false;
    const { tracer, shutdown } = await start();
    for (let count = 0; count < 20_000; count++) tracer('gateway').start('call', { kind: 'server' }).end();
    await shutdown();
    expect(collector.spans.length).toBeGreaterThan(0);
    expect(collector.spans.length).toBeLessThanOrEqual(2048 + 512);
  });

  test('a URL that is none is refused', async () => {
    const refused = await startTelemetry(options({ exporter: { kind: 'otlp-grpc', url: 'nowhere:1' } })).catch(
      RelaisError.from,
    );
    expect(refused).toMatchObject({ code: 'invalid_argument', fields: { reason: 'bad_config' } });
  });
});

test('OTLP over gRPC reaches a gRPC collector', async () => {
  const bodies: Buffer[] = [];
  const server = new GrpcServer();
  const raw = (bytes: Buffer) => bytes;
  const method = { requestStream: false, responseStream: false, originalName: 'export' } as const;
  server.addService(
    {
      Export: {
        ...method,
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        requestSerialize: raw,
        requestDeserialize: raw,
        responseSerialize: raw,
        responseDeserialize: raw,
      },
    },
    {
      Export: (call: { request: Buffer }, answer: (error: null, bytes: Buffer) => void) => {
        bodies.push(call.request);
        answer(null, Buffer.alloc(0));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    const settle = (error: Error | null, bound: number) => (error ? reject(error) : resolve(bound));
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), settle);
  });

  const { tracer, shutdown } = await start({ exporter: { kind: 'otlp-grpc', url: `http://127.0.0.1:${port}` } });
  const span = tracer('storage').start('put-version', { kind: 'server' });
  span.end();
  await shutdown();
  server.forceShutdown();

  const sent = Buffer.concat(bodies);
  expect(sent.includes('put-version')).toBe(true);
  expect(sent.includes(Buffer.from(traceIdOf(span.traceparent), 'hex'))).toBe(true);
});
