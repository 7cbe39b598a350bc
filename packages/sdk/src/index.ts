export type { JsonValue } from '@bufbuild/protobuf';
export type { ErrorCode, Fault } from './errors/codes.js';
export {
  type Diagnostic,
  type ErrorFacts,
  type FunctionExit,
  type LimitHit,
  RelaisError,
  type Timings,
} from './errors/relais-error.js';
export type { Payload } from './payload.js';
export {
  type CallOptions,
  type Deployed,
  type Deployment,
  type Invocation,
  type InvocationEnd,
  type InvokeOptions,
  Relais,
  type RelaisOptions,
  type StreamEvent,
} from './relais.js';
export type { RetryOptions } from './transport/retry-policy.js';
export {
  type FunctionConfig,
  type FunctionInfo,
  Isolation,
  type LanguageInfo,
  type LogLine,
  type ScaleDecision,
  type WorkerInfo,
  WorkerState,
} from './vocabulary.js';
