import type { FunctionVersion } from '@relais/contracts';
import type { Attributes, Clock } from '@relais/kit';
import { answerOf } from '../runtimes/cgi-response.js';
import { callVariables, secretVariables, type Variable, versionVariables } from '../runtimes/environment.js';
import type { Call, CallFailure, CallOutcome, CallSuccess, LoadedFunction } from '../runtimes/runtime.js';
import { failureOfCall } from './call-failure.js';
import type { Program } from './program.js';
import type { Slot } from './slot.js';
import type { WasiHost } from './wasi/host.js';

// Compiled code takes a few times the module's size.
const compiledFactor = 4;
const onReset: Attributes = Object.freeze({ 'relais.wasm.instance': 'reset' });
const onReused: Attributes = Object.freeze({ 'relais.wasm.instance': 'reused' });
const onNew: Attributes = Object.freeze({ 'relais.wasm.instance': 'new' });
const stackFramesMax = 50;

/** One version of a WASM function: a slot, its host, and what turns a run into an outcome. */
export class WasmFunction implements LoadedFunction {
  readonly #version: FunctionVersion;
  readonly #program: Program;
  readonly #host: WasiHost;
  readonly #slot: Slot;
  readonly #clock: Clock;
  readonly #versionEnvironment: readonly string[];

  constructor(version: FunctionVersion, program: Program, host: WasiHost, slot: Slot, clock: Clock) {
    this.#version = version;
    this.#program = program;
    this.#host = host;
    this.#slot = slot;
    this.#clock = clock;
    this.#versionEnvironment = versionVariables(version).map(joined);
  }

  get memoryBytes(): number {
    const { initialBytes, moduleBytes, tableBytes } = this.#program;
    return moduleBytes * compiledFactor + initialBytes + tableBytes;
  }

  invoke(call: Call): CallOutcome {
    const { call: state } = this.#host;
    const arrivedMs = this.#clock.nowMs();
    const kept = this.#slot.isReused ? onReused : onReset;
    const attributes = this.#slot.isReady ? kept : onNew;
    const environment = () => this.#environment(call);
    state.begin({ payload: call.payload, deadlineMs: call.deadlineMs, environment }, arrivedMs);
    const { thrown, instanceMs } = this.#run(attributes === onNew);
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

  /** A call runs to its end in the worker's own loop: there is never one to cancel from within it. */
  cancel(): void {}

  async close(): Promise<void> {
    this.#slot.drop();
  }

  /** What came out of the module, or of making its instance, and when there was one. */
  #run(isNew: boolean): { thrown: unknown; instanceMs: number } {
    const { call } = this.#host;
    const framesBefore = Error.stackTraceLimit;
    Error.stackTraceLimit = stackFramesMax;
    let instanceMs = call.startMs;
    try {
      this.#slot.prepare();
      if (isNew) {
        instanceMs = this.#clock.nowMs();
        call.startMs = instanceMs;
        this.#initialise();
      }
      this.#slot.run();
      return { thrown: undefined, instanceMs };
    } catch (error) {
      return { thrown: error ?? new Error('the module threw nothing'), instanceMs };
    } finally {
      Error.stackTraceLimit = framesBefore;
    }
  }

  /** The time it takes is part of the cold start, however it ends. */
  #initialise(): void {
    if (!this.#slot.isReused) return;
    try {
      this.#slot.initialise();
    } finally {
      this.#host.call.startMs = this.#clock.nowMs();
    }
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
