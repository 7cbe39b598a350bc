import type { FunctionVersion } from '@relais/contracts';
import type { Attributes, Clock, RelaisError } from '@relais/kit';
import { answerOf } from '../runtimes/cgi-response.js';
import { callVariables, secretVariables, type Variable, versionVariables } from '../runtimes/environment.js';
import type { RuntimeLimits } from '../runtimes/limits.js';
import type { OutputStream } from '../runtimes/output-stream.js';
import type {
  Call,
  CallFailure,
  CallOutcome,
  CallSuccess,
  InstanceCounts,
  LoadedFunction,
} from '../runtimes/runtime.js';
import { shutDown } from '../runtimes/shutting-down.js';
import { ApartCall } from './apart-call.js';
import { failureOfCall } from './call-failure.js';
import type { Program } from './program.js';
import { runSlot } from './run-slot.js';
import type { Slot } from './slot.js';
import type { WasmThreads } from './threads/wasm-threads.js';
import type { WasiHost } from './wasi/host.js';

// Compiled code takes a few times the module's size.
const compiledFactor = 4;
const onReset: Attributes = Object.freeze({ 'relais.wasm.instance': 'reset' });
const onReused: Attributes = Object.freeze({ 'relais.wasm.instance': 'reused' });
const onNew: Attributes = Object.freeze({ 'relais.wasm.instance': 'new' });

export interface WasmFunctionOptions {
  readonly version: FunctionVersion;
  readonly program: Program;
  readonly host: WasiHost;
  readonly slot: Slot;
  /** Where calls run that may be long, or whose output goes out meanwhile. */
  readonly threads: WasmThreads;
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
}

/** One version of a WASM function: a slot, its host, and what turns a run into an outcome. */
export class WasmFunction implements LoadedFunction {
  readonly #version: FunctionVersion;
  readonly #program: Program;
  readonly #host: WasiHost;
  readonly #slot: Slot;
  readonly #clock: Clock;
  readonly #versionEnvironment: readonly string[];
  readonly #threads: WasmThreads;
  readonly #limits: RuntimeLimits;
  readonly #onThreads = new Map<number, ApartCall>();

  constructor(options: WasmFunctionOptions) {
    const { clock, host, limits, program, slot, threads, version } = options;
    this.#version = version;
    this.#program = program;
    this.#host = host;
    this.#slot = slot;
    this.#clock = clock;
    this.#threads = threads;
    this.#limits = limits;
    this.#versionEnvironment = versionVariables(version).map(joined);
  }

  get memoryBytes(): number {
    const { initialBytes, moduleBytes, tableBytes } = this.#program;
    return moduleBytes * compiledFactor + initialBytes + tableBytes;
  }

  /** Asked for between calls: one that runs in the loop is never seen. */
  instances(): InstanceCounts {
    return { busy: this.#onThreads.size, idle: this.#slot.isReady ? 1 : 0 };
  }

  invoke(call: Call): CallOutcome | Promise<CallOutcome> {
    const stream = this.#slot.isReused ? undefined : call.stream;
    if (stream || call.apart) return this.#runOnThread(call, stream);
    const { call: state } = this.#host;
    const arrivedMs = this.#clock.nowMs();
    const kept = this.#slot.isReused ? onReused : onReset;
    const attributes = this.#slot.isReady ? kept : onNew;
    const environment = () => this.#environment(call);
    call.begun();
    state.begin({ payload: call.payload, deadlineMs: call.deadlineMs, environment }, arrivedMs);
    const { thrown, instanceMs } = runSlot(this.#slot, state, this.#clock);
    const endedMs = this.#clock.nowMs();
    const endedWell = thrown === undefined && state.ending === undefined;
    const outcome = {
      result: this.#result(call, thrown),
      logs: state.logs.text(),
      logsTruncated: state.logs.truncated,
      coldUs: (state.startMs - arrivedMs) * 1000,
      initUs: (state.startMs - instanceMs) * 1000,
      runUs: (endedMs - state.startMs) * 1000,
      attributes,
    };
    state.end();
    this.#slot.settle(endedWell);
    return outcome;
  }

  /** A call that has no thread runs to its end in the worker's own loop: there is never one to cancel from within it. */
  cancel(jobId: number, failure: RelaisError): void {
    this.#onThreads.get(jobId)?.cancel(failure);
  }

  async close(): Promise<void> {
    shutDown(this.#onThreads.values());
    this.#slot.drop();
  }

  async #runOnThread(call: Call, stream: OutputStream | undefined): Promise<CallOutcome> {
    const { logBytesMax, outputBytesMax } = this.#limits;
    const running = new ApartCall(call, stream, {
      threads: this.#threads,
      clock: this.#clock,
      version: this.#version,
      program: this.#program,
      logBytesMax,
      outputBytesMax,
      environment: (each) => this.#environment(each),
    });
    this.#onThreads.set(call.jobId, running);
    const outcome = await running.outcome;
    this.#onThreads.delete(call.jobId);
    return outcome;
  }

  #result(call: Call, thrown: unknown): CallSuccess | CallFailure {
    const error = failureOfCall(thrown, {
      call: this.#host.call,
      memoryBytes: this.#slot.memoryBytes,
      memoryBytesMax: this.#program.memoryBytesMax,
    });
    return error ? { ok: false, error } : answerOf(this.#version, call, this.#host.call.output.take());
  }

  #environment(call: Call): string[] {
    const variables = [...secretVariables(call), ...callVariables(this.#version.name, call)];
    return [...this.#versionEnvironment, ...variables.map(joined)];
  }
}

function joined([name, value]: Variable): string {
  return `${name}=${value}`;
}
