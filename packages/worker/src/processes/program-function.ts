import type { RelaisError } from '@relais/kit';
import { proxyEnvironment } from '../egress/doors.js';
import { answerOf } from '../runtimes/cgi-response.js';
import { programEnvironment } from '../runtimes/environment.js';
import type { OutputStream } from '../runtimes/output-stream.js';
import { ProgramStream } from '../runtimes/program-stream.js';
import type { Call, CallOutcome, InstanceCounts, LoadedFunction } from '../runtimes/runtime.js';
import { describeExit, outputLimit } from './failures.js';
import type { Guest } from './guest.js';
import { exitError } from './guest-faults.js';
import type { GuestFunctionOptions } from './guest-pool.js';
import { sourceHeader } from './guest-source.js';
import type { ProcessExit } from './process-launcher.js';
import { type RunningCall, RunningCalls } from './running-call.js';

/** A function in program form: a process of its own for every call. */
export class ProgramFunction implements LoadedFunction {
  readonly memoryBytes: number;
  readonly #options: GuestFunctionOptions;
  readonly #running: RunningCalls;
  /** Calls that have a process. */
  #busy = 0;

  constructor(options: GuestFunctionOptions) {
    this.#options = options;
    this.#running = new RunningCalls(options.clock);
    this.memoryBytes = options.source.bytes;
  }

  invoke(call: Call): Promise<CallOutcome> {
    return this.#running.perform(call, (running) => this.#perform(running));
  }

  cancel(jobId: number, failure: RelaisError): void {
    this.#running.cancel(jobId, failure);
  }

  instances(): InstanceCounts {
    return { busy: this.#busy, idle: 0 };
  }

  async close(): Promise<void> {
    this.#running.shutDown();
    this.#options.guests.forget(this);
    await this.#options.source.remove();
  }

  async #perform(running: RunningCall): Promise<void> {
    const { guests } = this.#options;
    const lease = await guests.lease({}, running);
    if (!lease) return;
    this.#busy++;
    try {
      const guest = await guests.fill(lease, running, this.#options);
      guests.prepareNext(this.#options);
      running.run();
      await this.#run(guest, running);
    } finally {
      this.#busy--;
      guests.pool.release(lease);
    }
  }

  async #run(guest: Guest, running: RunningCall): Promise<void> {
    const { stream } = running.call;
    if (stream) return this.#runStreaming(guest, running, stream);
    const { version, limits } = this.#options;
    const output = new BoundedOutput(limits.outputBytesMax, () => guest.kill());
    const exit = await this.#begin(guest, running, (chunk) => output.push(chunk));
    if (output.overflowed) running.fail(outputLimit(limits.outputBytesMax, output.bytes));
    else if (exit.exitCode !== 0 || exit.signal !== '') running.fail(this.#exitError(exit, guest));
    else running.settle(answerOf(version, running.call, output.whole()));
  }

  async #runStreaming(guest: Guest, running: RunningCall, stream: OutputStream): Promise<void> {
    const { version, limits } = this.#options;
    const { call } = running;
    const output = new ProgramStream({
      stream,
      cgi: call.http !== undefined && version.config?.http === 'cgi',
      heldBytesMax: limits.outputBytesMax,
      hold: (held) => guest.holdOutput(held),
      fail: (error) => running.cancel(error),
    });
    const exit = await this.#begin(guest, running, (chunk) => output.push(chunk));
    if (exit.exitCode !== 0 || exit.signal !== '') {
      running.fail(this.#exitError(exit, guest));
      return;
    }
    await output.drained();
    if (stream.begun) running.settle({ ok: true, output: Buffer.alloc(0) });
    else running.settle(answerOf(version, call, output.unfinishedHead));
  }

  async #begin(guest: Guest, running: RunningCall, onOutput: (chunk: Buffer) => void): Promise<ProcessExit> {
    const { guests, source, version } = this.#options;
    const network = await guests.leadOut(guest, this.#options);
    const env = { ...programEnvironment(version, running.call), ...(network.egress ? proxyEnvironment : {}) };
    const header = { ...sourceHeader(source), ...network, env };
    return guest.run(header, source.content, running.call.payload, onOutput);
  }

  #exitError(exit: ProcessExit, guest: Guest): RelaisError {
    return exitError(exit, guest, `ended with ${describeExit(exit)}`, this.#options);
  }
}

/** What a program wrote, up to a bound; beyond it nothing is kept and the overflow is told once. */
class BoundedOutput {
  readonly #bytesMax: number;
  readonly #onOverflow: () => void;
  #chunks: Buffer[] = [];
  bytes = 0;

  constructor(bytesMax: number, onOverflow: () => void) {
    this.#bytesMax = bytesMax;
    this.#onOverflow = onOverflow;
  }

  get overflowed(): boolean {
    return this.bytes > this.#bytesMax;
  }

  push(chunk: Buffer): void {
    if (this.overflowed) return;
    this.bytes += chunk.length;
    this.#chunks.push(chunk);
    if (!this.overflowed) return;
    this.#chunks = [];
    this.#onOverflow();
  }

  whole(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
