import type { SandboxState } from '@relais/contracts';
import type { LogLevel } from '@relais/kit';

/** What a supervisor tells a worker process on its standard input, one line of JSON. Never on the command line or in the environment: it holds a token. */
export interface WorkerSpec {
  readonly workerId: string;
  readonly host: string;
  /** As this machine knows the worker, which may count otherwise itself. */
  readonly pid: number;
  /** What its functions run in. */
  readonly sandbox: SandboxState;
  /** True: it is in a sandbox itself. */
  readonly confined: boolean;
  /** Canonical languages whose calls it takes. */
  readonly runs: readonly string[];
  /** Canonical languages whose builds it takes. */
  readonly builds: readonly string[];
  /** Jobs the balancer may give it at once. */
  readonly slots: number;
  /** Of the process, as the kernel counts it. */
  readonly niceness: number;
  /** Share of the work it should get beside others; above 0. */
  readonly weight: number;
  /** Output of one call that goes out in parts; beyond it the call is aborted. */
  readonly streamBytesMax: number;
  /** "unix:/path" or "host:port". */
  readonly balancerAddress: string;
  /** "unix:/path" or "host:port". */
  readonly storageAddress: string;
  /** Empty on a Unix socket. */
  readonly clusterToken: string;
  readonly logLevel: LogLevel;
  /** Series of one metric. */
  readonly metricSeriesMax: number;
  /** True: it holds nothing but WASM, and is started in the sandbox where there is one. */
  readonly wasmOnly: boolean;
  /** Whether functions with network=host reach what they do not name. */
  readonly networkHost: boolean;
  readonly drainMs: number;
  /** Directory that outlives workers, for the caches of compilers. */
  readonly cacheDirectory: string;
  /** Private directory in which workers leave to those after them what they found out about compilers; empty for none. */
  readonly toolsDirectory: string;
  /** Private directory for what its runtimes write; the supervisor makes it and takes it away. */
  readonly scratchDirectory: string;
}

/** Descriptor on which a worker process finds its journal. */
export const journalFd = 3;

/** Descriptor on which a worker process tells its figures: a line of JSON each time, metric families. */
export const figuresFd = 4;

/** Descriptor on which a worker of WASM finds the process of its threads. */
export const threadsFd = 5;

/** What the composition root says of a worker; the supervisor adds the rest. */
export type WorkerPlan = Omit<
  WorkerSpec,
  'workerId' | 'pid' | 'niceness' | 'sandbox' | 'confined' | 'toolsDirectory' | 'scratchDirectory'
>;

/** Workers of one plan: those that are wasmOnly run calls one after the other, the others in processes. */
export interface KindPlan {
  readonly plan: WorkerPlan;
  /** Kept running whatever the demand. */
  readonly kept: number;
  /** Started at first; the balancer lets go of those beyond what is kept, and orders them again. */
  readonly usual: number;
  /** At once, with what the balancer orders; an order for one more is not obeyed. */
  readonly max: number;
}
