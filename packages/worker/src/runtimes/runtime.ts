import type {
  BuildOutcome,
  BuildWork,
  FunctionVersion,
  HttpRequest,
  HttpResponse,
  LanguageSupport,
} from '@relais/contracts';
import type { Attributes, RelaisError } from '@relais/kit';
import type { UserSpan } from '../processes/user-spans.js';
import type { OutputStream } from './output-stream.js';

/**
 * One language: how a source becomes runnable and how it runs. A folder beside this file per language; the catalog lists
 * them; every one passes the conformance suite.
 */
export interface Runtime {
  /** Canonical language name of the contract. */
  readonly lang: string;
  /** inline: calls run in the worker's own loop. processes: calls run in children, and the loop stays free. */
  readonly style: 'inline' | 'processes';
  /** Looks for the toolchain and interpreter here and now; never rejects, says what is missing and how to install it. */
  probe(): Promise<LanguageSupport>;
  /**
   * Turns a source into an artifact. Rejects with invalid_argument reason compile_error and diagnostics, or
   * failed_precondition reason toolchain_absent. Once the signal fires its tools are killed, its files removed, and it
   * rejects with the signal's reason; one that waits for its turn does so at once.
   */
  build(work: BuildWork, budgetMs: number, signal?: AbortSignal): Promise<BuildOutcome>;
  /** Makes a version ready for calls. Called once per version while it stays cached; may be slow (compile). */
  load(version: FunctionVersion, artifact: Buffer): Promise<LoadedFunction>;
  /** Its processes now; absent where calls run in the worker's own loop. */
  readonly instances?: () => InstanceCounts;
  /** Instances that it had to end, since it began, because they went on computing with no call under way. */
  readonly endedIdle?: () => number;

  /** Ends every process and frees everything. Safe to call twice. */
  close(): Promise<void>;
}

/** Instances of one language, or of one function, on one worker. */
export interface InstanceCounts {
  /** With a call; calls that wait for one are not counted. */
  readonly busy: number;
  readonly idle: number;
}

/** A version that is ready for calls on this worker. */
export interface LoadedFunction {
  /** Rough memory held while loaded, for the cache's budget. */
  readonly memoryBytes: number;
  /**
   * Runs one call. Never rejects and never throws: a failure is part of the outcome. An inline runtime answers at once,
   * without a promise, unless the call has a stream or runs apart.
   */
  invoke(call: Call): CallOutcome | Promise<CallOutcome>;
  /** Stops a running call, which then answers with the failure given; unknown or finished ids are ignored. */
  cancel(jobId: number, failure: RelaisError): void;
  /** What serves calls of it now, and what waits to. */
  instances?(): InstanceCounts;
  /** Ends what waits for the next call; what runs goes on. Absent where nothing waits in a process of its own. */
  endIdle?(): void;
  /**
   * Keeps so many instances, those that run calls included, and starts what is missing; resolves when that is done or
   * cannot be. Absent where nothing waits in a process of its own.
   */
  keepWarm?(instances: number): Promise<void>;
  close(): Promise<void>;
}

/** What a runtime needs to know of one call. */
export interface Call {
  readonly jobId: number;
  readonly invocationId: string;
  readonly payload: Uint8Array;
  /** Monotonic milliseconds of the injected clock at which the call must be over. */
  readonly deadlineMs: number;
  /** What was left until then when the call began, milliseconds. */
  readonly budgetMs: number;
  /** W3C traceparent for the user's code; empty when nothing traces. */
  readonly traceparent: string;
  /** W3C tracestate of the caller. */
  readonly tracestate?: string;
  /** Counts from 1. */
  readonly attempt: number;
  /**
   * The runtime says so once, right before code of the function runs for this call; loading it does not count. If the worker
   * is lost before, the call runs elsewhere, unseen.
   */
  readonly begun: () => void;
  readonly http?: HttpRequest;
  /** Variables for the user's code that may differ from call to call, and must not be kept longer than a process. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Where a function that streams puts its output as it comes; undefined: the whole of it is answered. */
  readonly stream?: OutputStream | undefined;
  /** It may be long: where calls run in the worker's own loop, this one runs beside it, and can be cancelled. */
  readonly apart?: boolean;
}

/** How one call ended. */
export interface CallOutcome {
  readonly result: CallSuccess | CallFailure;
  /** What the function printed, at most logBytesMax. */
  readonly logs: string;
  readonly logsTruncated: boolean;
  /** Instantiating, starting and initialising what was not warm, microseconds. */
  readonly coldUs: number;
  /** Of that, the function's own initialisation. Default 0. */
  readonly initUs?: number;
  /** The function itself, microseconds. */
  readonly runUs: number;
  /** Of that, waiting for a processor; undefined when it is not known. */
  readonly processorWaitUs?: number | undefined;
  /** Spans that the user's code made. */
  readonly spans?: readonly UserSpan[];
  /** More for the runtime's span, for example whether the instance was reset or new. */
  readonly attributes?: Attributes;
}

export interface CallSuccess {
  readonly ok: true;
  /** Empty when it has gone out by the call's stream. */
  readonly output: Uint8Array;
  readonly http?: HttpResponse;
}

export interface CallFailure {
  readonly ok: false;
  readonly error: RelaisError;
}
