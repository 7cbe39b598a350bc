import { cluster, functions, type logs } from '@relais/contracts/edge';

/** One immutable version of a function. */
export type FunctionInfo = functions.Function;
/** What a deployer may set for a function. */
export type FunctionConfig = functions.FunctionConfig;
/** What the platform can do with one language. */
export type LanguageInfo = functions.Language;
/** One registered worker. */
export type WorkerInfo = cluster.Worker;
/** How many instances of something there should be, and why. */
export type ScaleDecision = cluster.ScaleDecision;
/** One line that a function printed, or what became of its call. */
export type LogLine = logs.TailLogsResponse;

/** What survives between two calls of a function. */
export const Isolation = functions.Isolation;
/** Where a worker is in its life. */
export const WorkerState = cluster.WorkerState;
