import { type KillWorker, type StartSpare, SuperviseRequest, type SuperviseResponse } from '@relais/contracts';
import { type Link, memoryLinkPair } from '@relais/kit';
import type { Balancer } from '../balancer.js';

/** A supervisor that does what the test says. */
export class FakeSupervisor {
  readonly kills: KillWorker[] = [];
  readonly spares: StartSpare[] = [];
  onKill: ((kill: KillWorker) => void) | undefined;
  readonly #link: Link<SuperviseRequest, SuperviseResponse>;

  constructor(balancer: Balancer, host = 'here') {
    const [ours, theirs] = memoryLinkPair<SuperviseRequest, SuperviseResponse>('supervisor', 'balancer');
    this.#link = ours;
    ours.receive({
      message: ({ kills, spares }) => {
        this.spares.push(...spares);
        this.kills.push(...kills);
        for (const kill of kills) this.onKill?.(kill);
      },
      closed: () => {},
    });
    balancer.attachSupervisor(theirs);
    this.#link.send(SuperviseRequest.fromPartial({ hello: { host, pid: 2 } }));
  }

  exited(workerId: string, begunJobIds: readonly number[]): void {
    const exit = { workerId, begunJobIds: [...begunJobIds], exitCode: 0, signal: 'SIGKILL' };
    this.#link.send(SuperviseRequest.fromPartial({ exits: [exit] }));
  }

  startedSpare(workerId: string): void {
    this.#link.send(SuperviseRequest.fromPartial({ spareWorkerIds: [workerId] }));
  }

  close(): void {
    this.#link.close();
  }
}
