import type { Component } from './component.js';

type GroupState = 'idle' | 'starting' | 'running' | 'stopping' | 'stopped';

/** Starts components in the order given and stops them in reverse; one that fails to start stops those before it. */
export class ComponentGroup implements Component {
  readonly name: string;
  readonly #members: readonly Component[];
  readonly #started: Component[] = [];
  #state: GroupState = 'idle';
  #stopping: Promise<void> | undefined;

  constructor(name: string, members: readonly Component[]) {
    this.name = name;
    this.#members = members;
  }

  get state(): GroupState {
    return this.#state;
  }

  async start(): Promise<void> {
    this.#state = 'starting';
    for (const member of this.#members) {
      if (this.#stopping) return;
      this.#started.push(member);
      try {
        await member.start();
      } catch (error) {
        await this.stop(0);
        throw error;
      }
    }
    if (!this.#stopping) this.#state = 'running';
  }

  /** The grace is shared: later members get what the earlier left. Every member is stopped even if one fails. */
  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stopAll(graceMs);
    return this.#stopping;
  }

  async #stopAll(graceMs: number): Promise<void> {
    this.#state = 'stopping';
    const endMs = performance.now() + graceMs;
    const failures: unknown[] = [];
    for (const member of this.#started.reverse()) {
      try {
        await member.stop(Math.max(0, endMs - performance.now()));
      } catch (error) {
        failures.push(error);
      }
    }
    this.#state = 'stopped';
    if (failures.length > 0) throw new AggregateError(failures, `${this.name} did not stop cleanly`);
  }
}
