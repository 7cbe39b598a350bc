import { ProxyTracerProvider, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { RelaisError } from '../errors/relais-error.js';
import { randomHex } from '../ids.js';
import { systemClock } from '../time/clock.js';
import { EpochClock } from './epoch-clock.js';
import { QuietExporter } from './quiet-exporter.js';
import { SamplingTracer } from './sampling-tracer.js';
import type { Telemetry, TelemetryOptions, TraceExporter } from './telemetry.js';

const exportTimeoutMs = 3_000;
const flushMsMax = 4_000;
const attributesMax = 64;
const attributeLengthMax = 1024;

interface FlushingProvider {
  forceFlush(): Promise<void>;
}

/** Starts the OpenTelemetry SDK; undefined when OTEL_SDK_DISABLED switches it off. */
export function startOtel(
  options: Required<TelemetryOptions> & { readonly exporter: TraceExporter },
): Telemetry | undefined {
  if (registered()) {
    throw new RelaisError('failed_precondition', 'Telemetry already runs in this process; shut it down first.', {
      reason: 'telemetry_running',
    });
  }
  const exporter = new QuietExporter(makeExporter(options.exporter), options.logger);
  const sdk = new NodeSDK({
    serviceName: options.serviceName,
    resourceDetectors: [
      { detect: () => ({ attributes: { [ATTR_SERVICE_VERSION]: options.version, 'process.pid': process.pid } }) },
    ],
    traceExporter: exporter,
    // SamplingTracer has decided before the SDK hears of a span.
    sampler: { shouldSample: () => ({ decision: 2 }), toString: () => 'decided' },
    idGenerator: { generateTraceId: () => randomHex(16), generateSpanId: () => randomHex(8) },
    spanLimits: { attributeCountLimit: attributesMax, attributeValueLengthLimit: attributeLengthMax },
    textMapPropagator: null,
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  const provider = registered();
  if (!provider) return undefined;
  const clock = new EpochClock(options.clock);
  const flush = async () => {
    await provider.forceFlush();
    await exporter.forceFlush();
  };
  let stopped: Promise<void> | undefined;
  return {
    tracer: (scopeName) => new SamplingTracer(trace.getTracer(scopeName, options.version), options.sampleRatio, clock),
    flush: () => within(flushMsMax, flush()),
    shutdown: () => {
      stopped ??= within(flushMsMax, sdk.shutdown()).finally(() => trace.disable());
      return stopped;
    },
  };
}

/** The SDK's provider, which it registers globally and hands out nowhere else. */
function registered(): FlushingProvider | undefined {
  const provider = trace.getTracerProvider();
  const inner: unknown = provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
  return canFlush(inner) ? inner : undefined;
}

function canFlush(provider: unknown): provider is FlushingProvider {
  return typeof provider === 'object' && provider !== null && 'forceFlush' in provider;
}

function makeExporter({ kind, url }: TraceExporter) {
  const target = URL.parse(url);
  if (!target || !/^https?:$/.test(target.protocol)) {
    throw new RelaisError(
      'invalid_argument',
      `The trace collector's URL must begin with http:// or https://, got "${url}".`,
      {
        reason: 'bad_config',
      },
    );
  }
  if (kind === 'otlp-grpc') return new GrpcExporter({ url, timeoutMillis: exportTimeoutMs });
  if (target.pathname === '/') target.pathname = '/v1/traces';
  return new HttpExporter({ url: target.href, timeoutMillis: exportTimeoutMs });
}

/** Resolves with the work, when it fails, or when its time is over. */
function within(limitMs: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = systemClock.after(limitMs, resolve);
    const settle = () => {
      cancel();
      resolve();
    };
    work.then(settle, settle);
  });
}
