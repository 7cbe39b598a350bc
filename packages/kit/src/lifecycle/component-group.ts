import { RelaisError } from '../errors/relais-error.js';
import { type Clock, systemClock } from '../time/clock.js';
import type { Component } from './component.js';

type GroupState = 'idle' | 'starting' | 'running' | 'stopping' | 'stopped';

/** Starts components in the order given and stops them in reverse; one that fails to start stops those before it. */
export class ComponentGroup implements Component {
  readonly name: string;
  readonly #members: readonly Component[];
  readonly #clock: Clock;
  readonly #started: Component[] = [];
  #state: GroupState = 'idle';
  #stopping: Promise<void> | undefined;

  constructor(name: string, members: readonly Component[], clock: Clock = systemClock) {
    this.name = name;
    this.#members = members;
    this.#clock = clock;
  }

  get state(): GroupState {
    return this.#state;
  }

  /** Rejects with what a member rejected with, or with code cancelled when it was stopped before all were up. */
  async start(): Promise<void> {
    if (!this.#stopping) this.#state = 'starting';
    for (const member of this.#members) {
      if (this.#stopping) break;
      await this.#startMember(member);
    }
    if (this.#stopping) throw new RelaisError('cancelled', `${this.name} was stopped while it was starting.`);
    this.#state = 'running';
  }

  /** The grace is shared: later members get what the earlier left. Every member is stopped even if one fails. */
  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stopAll(graceMs);
    return this.#stopping;
  }

  async #startMember(member: Component): Promise<void> {
    this.#started.push(member);
    try {
      await member.start();
    } catch (error) {
      // Why it did not start is what the caller must hear, not what went wrong while cleaning up.
      await this.stop(0).catch(() => {});
      throw error;
    }
    // Told to stop while it was coming up, it may have come up after that.
    if (this.#stopping) await member.stop(0);
  }

  async #stopAll(graceMs: number): Promise<void> {
    this.#state = 'stopping';
    const endMs = this.#clock.nowMs() + graceMs;
    const failures: unknown[] = [];
    for (const member of this.#started.toReversed()) {
      try {
        await member.stop(Math.max(0, endMs - this.#clock.nowMs()));
      } catch (error) {
        failures.push(error);
      }
    }
    this.#state = 'stopped';
    if (failures.length > 0) throw new AggregateError(failures, `${this.name} did not stop cleanly`);
  }
}
