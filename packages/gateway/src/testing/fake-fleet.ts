import {
  type FleetServiceService,
  type LanguageSupport,
  type ScaleDecision,
  Worker,
  WorkerState,
} from '@relais/contracts';
import { RelaisError, type ServiceOf } from '@relais/kit';

/** A fleet whose answers a test sets. */
export class FakeFleet implements ServiceOf<typeof FleetServiceService> {
  workersReady = 1;
  strategy = 'rr';
  languages: LanguageSupport[] = [
    { lang: 'c', runs: true, builds: true, reason: '', toolchain: 'clang 20' },
    { lang: 'js', runs: true, builds: true, reason: '', toolchain: 'node 24' },
    { lang: 'python', runs: true, builds: true, reason: '', toolchain: 'python 3.12' },
    { lang: 'rust', runs: true, builds: false, reason: 'rustc is absent: apt install rustc', toolchain: '' },
  ];
  decisions: ScaleDecision[] = [];
  workers: Worker[] = [
    Worker.fromPartial({
      id: 'w1',
      pid: 7,
      host: 'here',
      languages: ['c'],
      builds: ['c'],
      slots: 64,
      running: 1,
      state: WorkerState.WORKER_STATE_READY,
      attachedAt: new Date(1_728_435_600_000),
      jobsDone: 3,
      weight: 1,
      outstandingMs: 10,
      sandbox: { name: 'bubblewrap', tier: 'T2', missing: [] },
    }),
  ];

  async getStatus() {
    return {
      strategy: this.strategy,
      workersReady: this.workersReady,
      jobsQueued: 0,
      jobsRunning: 0,
      workersOnDemand: 0,
    };
  }

  async listWorkers() {
    return { workers: this.workers };
  }

  async listLanguages() {
    return { languages: this.languages };
  }

  async drainWorker({ workerId }: { workerId: string }) {
    if (this.workers.some((worker) => worker.id === workerId)) return {};
    throw new RelaisError('not_found', `There is no worker ${workerId}.`, { component: 'balancer' });
  }

  async explainScale({ limit }: { limit: number }) {
    return { decisions: this.decisions.slice(0, limit || 50) };
  }

  async setStrategy({ strategy }: { strategy: string }) {
    const previousStrategy = this.strategy;
    this.strategy = strategy;
    return { strategy, previousStrategy };
  }
}
