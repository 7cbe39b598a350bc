export type { ConfigKey, ConfigOf, ConfigSchema, ConfigValueOf } from './config/keys.js';
export { type ConfigSources, type LoadedConfig, loadConfig } from './config/load.js';
export { configHelp, configTable } from './config/render.js';
export { defineConfig } from './config/schema.js';
export type { ConfigSource } from './config/sources.js';
export { codeOfGrpcStatus, type ErrorCode, errorCodes, type FaultParty, isErrorCode } from './errors/codes.js';
export { type ErrorFields, fromDetail, RelaisError, toDetail, wireDiagnostics } from './errors/relais-error.js';
export { type RestFailure, toRest } from './errors/rest.js';
export { invocationId, randomHex } from './ids.js';
export type { Component } from './lifecycle/component.js';
export { ComponentGroup } from './lifecycle/component-group.js';
export { createLogger, type LoggerOptions, type LogLevel, logLevels } from './logging/create-logger.js';
export { type Logger, silentLogger } from './logging/logger.js';
export { terminalSafe } from './logging/terminal-safe.js';
export { Histogram, secondsBounds } from './metrics/histogram.js';
export { Counter, MetricRegistry, type MetricRegistryOptions, type Reading } from './metrics/metric-registry.js';
export { type MetricFamily, type MetricSource, withLabel } from './metrics/metric-snapshot.js';
export { parseFamilies } from './metrics/parse-families.js';
export { addProcessMetrics } from './metrics/process-metrics.js';
export { metricsContentTypes, metricsFormatOf, renderMetrics } from './metrics/render-metrics.js';
export type { SeriesTable } from './metrics/series-table.js';
export {
  childrenOf,
  cpuMsOf,
  descendantsOf,
  idleMsOfMachine,
  isStopped,
  processorWaitMsOf,
  readProc,
} from './processes/process-tree.js';
export { Cancellation, type CancelSignal } from './rpc/cancellation.js';
export type { CallContext } from './rpc/context.js';
export type {
  AnsweringCodec,
  AskingCodec,
  IdentifiedAnswer,
  IdentifiedCredit,
  IncomingQuestion,
  OutgoingQuestion,
} from './rpc/exchange/codec.js';
export { LinkExchange, type LinkExchangeOptions } from './rpc/exchange/link-exchange.js';
export { PacedFrames } from './rpc/exchange/paced-frames.js';
export { type IdentifiedPart, PartsLane } from './rpc/exchange/parts-lane.js';
export { sizeOfResult } from './rpc/exchange/result-size.js';
export { type ServeExchangeOptions, serveExchange } from './rpc/exchange/serve-exchange.js';
export type { Exchange } from './rpc/exchange.js';
export { Flow, partBytesMax, partCost } from './rpc/flow.js';
export { isLocal } from './rpc/grpc/address.js';
export type { HandlersOf, LinkContext, RpcDefinition } from './rpc/grpc/definition.js';
export { GrpcChannel, type GrpcChannelOptions } from './rpc/grpc/grpc-channel.js';
export type { BufferedLink } from './rpc/grpc/grpc-link.js';
export { GrpcServer, type GrpcServerOptions } from './rpc/grpc/grpc-server.js';
export { registration, type ServiceRegistration } from './rpc/grpc/registration.js';
export type { Dial, Link, LinkReceiver } from './rpc/link.js';
export { memoryLinkPair } from './rpc/memory-link.js';
export type { ServiceOf } from './rpc/service.js';
export { TickBatch } from './rpc/tick-batch.js';
export { passThroughTracer } from './telemetry/pass-through-tracer.js';
export type { SpanCarrier } from './telemetry/span-carrier.js';
export { toWire as spanToWire } from './telemetry/span-codec.js';
export type { SpanData } from './telemetry/span-data.js';
export type { SpanIntake } from './telemetry/span-intake.js';
export { startTelemetry } from './telemetry/start-telemetry.js';
export type { Telemetry, TelemetryOptions, TraceExporter } from './telemetry/telemetry.js';
export { type KeptTrace, TraceStore, type TraceStoreBounds, type TraceSummary } from './telemetry/trace-store.js';
export { tracedService } from './telemetry/traced-service.js';
export { isSampled, isTraceparent, newTraceparent, spanIdOf, traceField, traceIdOf } from './telemetry/traceparent.js';
export type { Attributes, Span, SpanKind, SpanStart, Tracer } from './telemetry/tracer.js';
export { type Clock, systemClock } from './time/clock.js';
export { ManualClock } from './time/manual-clock.js';
