import { type HrTime, SpanKind as OtelKind, SpanStatusCode } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { RelaisError } from '../errors/relais-error.js';
import type { Logger } from '../logging/logger.js';
import { QuietExporter } from './quiet-exporter.js';
import type { SpanData, SpanSink } from './span-data.js';
import type { TraceExporter } from './telemetry.js';
import type { SpanKind } from './tracer.js';

const exportTimeoutMs = 3_000;
const batchDelayMs = 1_000;
const microsPerSecond = 1e6;
const servicesMax = 1000;

const kinds: Readonly<Record<SpanKind, OtelKind>> = {
  internal: OtelKind.INTERNAL,
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  producer: OtelKind.PRODUCER,
  consumer: OtelKind.CONSUMER,
};

/** Sends ended spans to a collector, in batches, by OpenTelemetry's own exporters. At most 2048 wait; more are dropped. */
export class OtlpSink implements SpanSink {
  readonly #processor: BatchSpanProcessor;
  readonly #exporter: QuietExporter;
  readonly #version: string;
  readonly #resources = new Map<string, Resource>();
  readonly #ownService: string;

  /** Throws invalid_argument, reason bad_config, for a URL that is none. */
  constructor(options: {
    readonly exporter: TraceExporter;
    readonly serviceName: string;
    readonly version: string;
    readonly logger: Logger;
  }) {
    this.#version = options.version;
    this.#ownService = options.serviceName;
    this.#exporter = new QuietExporter(makeExporter(options.exporter), options.logger);
    this.#processor = new BatchSpanProcessor({ exporter: this.#exporter, scheduledDelayMillis: batchDelayMs });
  }

  add(span: SpanData): void {
    this.#processor.onEnd(this.#readable(span));
  }

  async flush(): Promise<void> {
    await this.#processor.forceFlush();
    await this.#exporter.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#processor.shutdown();
  }

  #readable(span: SpanData): ReadableSpan {
    const { attributes, durationUs, failed, kind, name, parentSpanId, scope, service, startUs, statusMessage } = span;
    const { spanId, traceId } = span;
    return {
      name,
      kind: kinds[kind],
      spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
      ...(parentSpanId === '' ? {} : { parentSpanContext: { traceId, spanId: parentSpanId, traceFlags: 1 } }),
      startTime: hrTime(startUs),
      endTime: hrTime(startUs + durationUs),
      duration: hrTime(durationUs),
      status: failed ? { code: SpanStatusCode.ERROR, message: statusMessage } : { code: SpanStatusCode.UNSET },
      attributes,
      links: [],
      events: [],
      ended: true,
      resource: this.#resourceOf(service),
      instrumentationScope: { name: scope, version: this.#version },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }

  #resourceOf(service: string): Resource {
    const known = this.#resources.get(service);
    if (known) return known;
    const pid = service === this.#ownService ? { 'process.pid': process.pid } : {};
    // Others, whose spans were sent here, have versions of their own.
    const version = service.startsWith(this.#ownService) ? { [ATTR_SERVICE_VERSION]: this.#version } : {};
    const resource = resourceFromAttributes({ [ATTR_SERVICE_NAME]: service, ...version, ...pid });
    if (this.#resources.size >= servicesMax) this.#resources.clear();
    this.#resources.set(service, resource);
    return resource;
  }
}

function hrTime(us: number): HrTime {
  const seconds = Math.floor(us / microsPerSecond);
  return [seconds, Math.round((us - seconds * microsPerSecond) * 1000)];
}

function makeExporter({ kind, url }: TraceExporter) {
  const target = URL.parse(url);
  if (!target || !/^https?:$/.test(target.protocol)) {
    const message = `The trace collector's URL must begin with http:// or https://, got "${url}".`;
    throw new RelaisError('invalid_argument', message, { reason: 'bad_config' });
  }
  if (kind === 'otlp-grpc') return new GrpcExporter({ url, timeoutMillis: exportTimeoutMs });
  if (target.pathname === '/') target.pathname = '/v1/traces';
  return new HttpExporter({ url: target.href, timeoutMillis: exportTimeoutMs });
}
