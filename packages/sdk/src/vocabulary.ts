import { cluster, functions } from '@relais/contracts/edge';

/** One immutable version of a function. */
export type FunctionInfo = functions.Function;
/** What a deployer may set for a function. */
export type FunctionConfig = functions.FunctionConfig;
/** What the platform can do with one language. */
export type LanguageInfo = functions.Language;
/** One registered worker. */
export type WorkerInfo = cluster.Worker;

/** What survives between two calls of a function. */
export const Isolation = functions.Isolation;
/** Where a worker is in its life. */
export const WorkerState = cluster.WorkerState;
