import type { Component } from '@relais/kit';
import { type ControlGroups, findGroups } from '@relais/worker';

/** Processor time for a process without workers: before the functions of others on the same machine, where the kernel lets us. */
export class OwnShare implements Component {
  readonly name = 'own share';
  #groups: ControlGroups | undefined;

  async start(): Promise<void> {
    this.#groups = findGroups(process.pid, 'roles');
    this.#groups?.standFirst();
  }

  async stop(): Promise<void> {
    await this.#groups?.close();
  }
}
