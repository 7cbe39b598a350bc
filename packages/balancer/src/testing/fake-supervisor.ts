import {
  type KillWorker,
  type StartWorker,
  SuperviseRequest,
  type SuperviseResponse,
  WorkerEnd,
  WorkerKind,
} from '@relais/contracts';
import { type Link, memoryLinkPair } from '@relais/kit';
import type { Balancer } from '../balancer.js';

/** A supervisor that does what the test says. */
export class FakeSupervisor {
  readonly kills: KillWorker[] = [];
  readonly starts: StartWorker[] = [];
  onKill: ((kill: KillWorker) => void) | undefined;
  onStart: ((start: StartWorker) => void) | undefined;
  readonly #link: Link<SuperviseRequest, SuperviseResponse>;

  /** kinds: what it can run; without any it is asked for nothing. */
  constructor(balancer: Balancer, host = 'here', kinds: readonly Partial<WorkerKind>[] = []) {
    const [ours, theirs] = memoryLinkPair<SuperviseRequest, SuperviseResponse>('supervisor', 'balancer');
    this.#link = ours;
    ours.receive({
      message: ({ kills, starts }) => {
        this.starts.push(...starts);
        this.kills.push(...kills);
        for (const kill of kills) this.onKill?.(kill);
        for (const start of starts) this.onStart?.(start);
      },
      closed: () => {},
    });
    balancer.attachSupervisor(theirs);
    this.#link.send(
      SuperviseRequest.fromPartial({
        hello: { host, pid: 2, kinds: kinds.map((kind) => WorkerKind.fromPartial(kind)) },
      }),
    );
  }

  exited(workerId: string, begunJobIds: readonly number[], end = WorkerEnd.WORKER_END_UNSPECIFIED): void {
    const exit = { workerId, begunJobIds: [...begunJobIds], exitCode: 0, signal: 'SIGKILL', end };
    this.#link.send(SuperviseRequest.fromPartial({ exits: [exit] }));
  }

  started(workerId: string, inline = false): void {
    this.#link.send(SuperviseRequest.fromPartial({ ordered: [{ workerId, inline }] }));
  }

  saturated(saturated: boolean): void {
    this.#link.send(SuperviseRequest.fromPartial({ saturated }));
  }

  heartbeat(): void {
    this.#link.send(SuperviseRequest.create());
  }

  close(): void {
    this.#link.close();
  }
}
