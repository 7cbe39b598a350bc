import type { FleetServiceService, StorageServiceService } from '@relais/contracts';
import { RelaisError, type ServiceOf } from '@relais/kit';
import type { Caller } from './caller.js';
import type { ControlCalls } from './control-calls.js';

export interface ReadinessOptions {
  readonly storage: ServiceOf<typeof StorageServiceService>;
  readonly fleet: ServiceOf<typeof FleetServiceService>;
  readonly calls: ControlCalls;
}

/** Who asks whether we are ready wants to hear it soon: a role that restarts is waited for elsewhere. */
const probeMs = 2_000;

/** Whether an ordinary request would succeed now: storage answers, a worker is ready or would be started, and some language runs. */
export class Readiness {
  readonly #options: ReadinessOptions;
  #isStopping = false;
  #isShut = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** From now on never ready. */
  stopping(): void {
    this.#isStopping = true;
  }

  /** From now on nobody new comes in. */
  shut(): void {
    this.#isShut = true;
  }

  /** True once nobody new comes in: whoever is answered now is told to leave. */
  get isShut(): boolean {
    return this.#isShut;
  }

  /** What stands in the way; empty when ready. Never rejects. */
  async reasons(caller: Caller): Promise<string[]> {
    if (this.#isStopping) return ['The gateway is shutting down.'];
    const hasty = { ...caller, budgetMs: Math.min(caller.budgetMs ?? probeMs, probeMs) };
    const found = await Promise.all([this.#storage(hasty), this.#workers(hasty), this.#languages(hasty)]);
    return found.filter((reason) => reason !== '');
  }

  #storage(caller: Caller): Promise<string> {
    const { calls, storage } = this.#options;
    const request = { pageSize: 1, afterName: '' };
    return reasonOf('storage', async () => {
      await calls.run('storage', caller, (c) => storage.listFunctions(request, c));
      return '';
    });
  }

  #workers(caller: Caller): Promise<string> {
    const { calls, fleet } = this.#options;
    return reasonOf('balancer', async () => {
      const { workersOnDemand, workersReady } = await calls.run('balancer', caller, (c) => fleet.getStatus({}, c));
      return workersReady + workersOnDemand > 0 ? '' : 'No worker is ready.';
    });
  }

  #languages(caller: Caller): Promise<string> {
    const { calls, fleet } = this.#options;
    return reasonOf('balancer', async () => {
      const { languages } = await calls.run('balancer', caller, (c) => fleet.listLanguages({}, c));
      return languages.some((support) => support.runs) ? '' : 'No worker can run any language.';
    });
  }
}

async function reasonOf(role: string, ask: () => Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch (error) {
    return `The ${role} does not answer (${RelaisError.from(error).code}).`;
  }
}
