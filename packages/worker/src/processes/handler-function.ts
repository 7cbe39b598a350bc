import { availableParallelism } from 'node:os';
import { Isolation } from '@relais/contracts';
import type { Clock, RelaisError } from '@relais/kit';
import { proxyEnvironment } from '../egress/doors.js';
import { secretVariables, type Variable, versionVariables } from '../runtimes/environment.js';
import { timeoutMsOf } from '../runtimes/limits.js';
import type { OutputStream } from '../runtimes/output-stream.js';
import type { Call, CallOutcome, InstanceCounts, LoadedFunction } from '../runtimes/runtime.js';
import type { Guest, GuestReply, OnPart } from './guest.js';
import { faultError } from './guest-faults.js';
import type { GuestFunctionOptions } from './guest-pool.js';
import { sourceHeader } from './guest-source.js';
import type { InstanceOwner, Lease } from './instance-pool.js';
import { type RunningCall, RunningCalls } from './running-call.js';

interface SecretOwner extends InstanceOwner {
  readonly secrets: string;
  warmMin: number;
}

/** Instances of one function that are started at once: they take processor time, and more would only make all of them late. */
const startsMax = Math.max(2, availableParallelism());

/** A function in handler form: its processes stay warm between calls, unless its isolation is fresh. */
export class HandlerFunction implements LoadedFunction {
  readonly memoryBytes: number;
  readonly #options: GuestFunctionOptions;
  readonly #running: RunningCalls;
  readonly #fresh: boolean;
  readonly #loadHeader: object;
  readonly #environment: readonly Variable[];
  /** Instances that are being started for no call in particular. */
  #warming = 0;
  /** Calls that have an instance or wait for one. */
  #serving = 0;
  /** Calls that have one. */
  #busy = 0;
  /** What loading took those that have had no call yet, milliseconds. */
  readonly #initMs = new WeakMap<Guest, number>();
  /** Of the last one started for no call in particular. */
  #startFailed = false;
  /** Whose the warm processes are: others than those that began with the secrets of before. */
  #owner: SecretOwner = { secrets: '', warmMin: 0 };

  constructor(options: GuestFunctionOptions) {
    const { version, limits } = options;
    this.#options = options;
    this.#running = new RunningCalls(options.clock);
    this.#fresh = version.config?.isolation === Isolation.ISOLATION_FRESH;
    this.memoryBytes = options.source.bytes;
    this.#environment = versionVariables(version);
    this.#loadHeader = {
      ...sourceHeader(options.source),
      function: { name: version.name, id: version.id, version: version.version },
      outputBytesMax: limits.outputBytesMax,
    };
  }

  invoke(call: Call): Promise<CallOutcome> {
    return this.#running.perform(call, (running) => this.#perform(running));
  }

  cancel(jobId: number, failure: RelaisError): void {
    this.#running.cancel(jobId, failure);
  }

  instances(): InstanceCounts {
    return { busy: this.#busy, idle: this.#options.guests.pool.idleOf(this.#owner) };
  }

  endIdle(): void {
    this.#owner.warmMin = 0;
    this.#options.guests.pool.drop(this.#owner);
  }

  /** One that names secrets waits for the call that brings them. Whoever asks does so again, so what is lost meanwhile can wait. */
  async keepWarm(instances: number): Promise<void> {
    const { guests, version } = this.#options;
    const owner = this.#owner;
    owner.warmMin = instances;
    const lacksSecrets = (version.config?.secrets.length ?? 0) > 0 && owner.secrets === '';
    if (this.#fresh || lacksSecrets) return;
    for (let starts = 0; starts < instances && this.#lacksWarm(owner, instances); starts++) {
      const lease = guests.pool.tryGrow(owner);
      if (!lease) return;
      this.#warming++;
      const isWarm = await this.#warmUp(lease, owner).finally(() => this.#warming--);
      if (!isWarm) return;
    }
  }

  async close(): Promise<void> {
    this.#running.shutDown();
    this.endIdle();
    this.#options.guests.forget(this);
    await this.#options.source.remove();
  }

  /** Whether this many are still wanted, of this owner, and are not there. */
  #lacksWarm(owner: SecretOwner, instances: number): boolean {
    if (owner !== this.#owner || owner.warmMin !== instances) return false;
    const { pool } = this.#options.guests;
    return this.#warming + pool.startsOf(owner) + this.#busy + pool.idleOf(owner) < instances;
  }

  async #perform(running: RunningCall): Promise<void> {
    this.#serving++;
    try {
      const lease = await this.#lease(running);
      if (lease) await this.#serve(lease, running);
    } finally {
      this.#serving--;
    }
  }

  async #serve(lease: Lease<Guest>, running: RunningCall): Promise<void> {
    this.#busy++;
    try {
      const guest = lease.member ?? (await this.#start(lease, running));
      if (guest) await this.#call(guest, running);
    } finally {
      this.#busy--;
      // Nothing is warm for later that began fresh, or with secrets that have changed since.
      if (lease.owner !== this.#owner) lease.member?.kill();
      this.#options.guests.pool.release(lease);
    }
  }

  /** The right to an instance. While others are busy one more is started, and the first that is free serves. */
  async #lease(running: RunningCall): Promise<Lease<Guest> | undefined> {
    const { clock, guests } = this.#options;
    const owner = this.#ownerFor(running.call);
    const askedMs = clock.nowMs();
    while (!running.cancelled && this.#mayWait(owner) && this.#startOneMore(owner)) {
      const ticket = guests.pool.next(owner);
      running.waiting(() => ticket.leave());
      const lease = await ticket.lease;
      if (!lease?.member) continue;
      running.beginWith(askedMs, this.#initMs.get(lease.member));
      return lease;
    }
    return running.cancelled ? undefined : guests.lease(owner, running);
  }

  /**
   * Whether an instance will come free that can serve: none does that began fresh, or with secrets that have changed since.
   * Where one could not be started the call itself tells why.
   */
  #mayWait(owner: InstanceOwner): boolean {
    if (this.#serving === 1 || this.#startFailed || owner !== this.#owner) return false;
    return this.#options.guests.pool.idleOf(owner) === 0;
  }

  /** False when none is being started, for want of a slot. */
  #startOneMore(owner: SecretOwner): boolean {
    const { pool } = this.#options.guests;
    if (pool.startsOf(owner) >= startsMax) return true;
    const empty = pool.tryGrow(owner);
    if (!empty) return pool.startsOf(owner) > 0;
    pool.startBegun(owner);
    void this.#warmUp(empty, owner).then((isWarm) => {
      if (owner === this.#owner) this.#startFailed = !isWarm;
      pool.startEnded(owner);
    });
    return true;
  }

  /**
   * Starts an instance for no call in particular. False when there is none now: that failed, and the next call will tell why,
   * or its secrets have changed meanwhile.
   */
  async #warmUp(lease: Lease<Guest>, owner: SecretOwner): Promise<boolean> {
    const { clock, guests, version } = this.#options;
    const stopWatch = clock.after(timeoutMsOf(version), () => lease.member?.kill());
    try {
      const guest = await guests.fillWarm(lease, this.#options);
      const beganMs = clock.nowMs();
      const secrets = owner.secrets === '' ? {} : (JSON.parse(owner.secrets) as Record<string, string>);
      const reply = await this.#load(guest, Object.entries(secrets));
      if (reply.kind === 'ready') {
        this.#initMs.set(guest, clock.nowMs() - beganMs);
        guests.loaded(guest);
        return guest.alive && owner === this.#owner;
      }
      guest.kill();
      return false;
    } catch {
      return false;
    } finally {
      stopWatch();
      if (owner !== this.#owner) lease.member?.kill();
      guests.pool.release(lease);
    }
  }

  /** Code reads its environment when it is loaded: a changed secret needs another process, and ends the idle ones. */
  #ownerFor({ secrets }: Call): SecretOwner {
    const now = secrets ? JSON.stringify(secrets) : '';
    if (this.#fresh) return { secrets: now, warmMin: 0 };
    if (now !== this.#owner.secrets) {
      this.#options.guests.pool.drop(this.#owner);
      this.#owner = { secrets: now, warmMin: this.#owner.warmMin };
    }
    return this.#owner;
  }

  /** A guest with the function loaded; undefined when that failed, and then the call is settled. */
  async #start(lease: Lease<Guest>, running: RunningCall): Promise<Guest | undefined> {
    const guest = await this.#options.guests.fill(lease, running, this.#options);
    running.initialise();
    const reply = await this.#load(guest, secretVariables(running.call));
    if (reply.kind === 'ready') {
      this.#startFailed = false;
      this.#options.guests.loaded(guest);
      return guest;
    }
    running.fail(this.#errorOf(reply, guest, 'while the function was being loaded'));
    guest.kill();
    return undefined;
  }

  /** Has a guest load the function, and makes ready for the next one. */
  async #load(guest: Guest, secrets: readonly Variable[]): Promise<GuestReply> {
    const network = await this.#options.guests.leadOut(guest, this.#options);
    const own = Object.fromEntries([...this.#environment, ...secrets]);
    const env = { ...own, ...(network.egress ? proxyEnvironment : {}) };
    const reply = await guest.load({ ...this.#loadHeader, ...network, env }, this.#options.source.content);
    this.#options.guests.prepareNext(this.#options);
    return reply;
  }

  async #call(guest: Guest, running: RunningCall): Promise<void> {
    this.#initMs.delete(guest);
    running.hold(guest);
    running.run();
    const { payload, stream } = running.call;
    const header = callHeader(running.call, this.#options.clock);
    stream?.listen((bytes) => bytes > 0 && guest.grant(bytes));
    const reply = await guest.call(header, payload, stream && partsTo(stream, running));
    if (reply.kind !== 'result') running.fail(this.#errorOf(reply, guest, 'before it answered'));
    else if (reply.http && 'code' in reply.http) running.fail(reply.http);
    else running.settle({ ok: true, output: reply.output, ...(reply.http ? { http: reply.http } : {}) });
    guest.logs.close();
  }

  #errorOf(reply: GuestReply, guest: Guest, when: string): RelaisError {
    if (reply.kind === 'ready' || reply.kind === 'result') {
      guest.kill();
      return faultError({ kind: 'violation', what: 'an answer out of turn' }, guest, when, this.#options);
    }
    return faultError(reply, guest, when, this.#options);
  }
}

/** Hands on what the guest, which knows its credit, sends of a call's output. */
function partsTo(stream: OutputStream, running: RunningCall): OnPart {
  return (data, http) => {
    if (http && 'code' in http) {
      running.cancel(http);
      return undefined;
    }
    const outcome = stream.send(data, http);
    if (outcome === 'too_much') running.cancel(stream.tooMuch());
    return outcome === 'no_credit' ? 'more output than it had credit for' : undefined;
  };
}

/** What the shim makes `context` of. The deadline is wall-clock time, as user code knows it. */
function callHeader(call: Call, clock: Clock): object {
  const remainingMs = call.deadlineMs - clock.nowMs();
  return {
    invocationId: call.invocationId,
    deadlineMs: Math.round(clock.wallMs() + remainingMs),
    remainingMs,
    traceparent: call.traceparent,
    ...(call.tracestate === undefined ? {} : { tracestate: call.tracestate }),
    attempt: call.attempt,
    ...(call.http ? { http: call.http } : {}),
    ...(call.stream ? { windowBytes: call.stream.windowBytes } : {}),
  };
}
