import type { GetStatusResponse, Job } from '@relais/contracts';
import { strategyNames } from '../strategies/catalog.js';
import { FakeSupervisor } from './fake-supervisor.js';
import { FakeWorker, language, settled } from './fake-worker.js';
import { type Answer, ask, build, call, type Rig, startRig } from './rig.js';
import { seededRandom } from './seeded-random.js';

interface Asked {
  readonly answer: Answer;
  readonly invocationId: string;
  readonly deadlineMs: number;
  readonly gone: AbortController;
}

interface Process {
  readonly worker: FakeWorker;
  readonly slots: number;
  readonly inline: boolean;
  /** Ids of the jobs it has begun, as its journal would have them. */
  readonly begunIds: Set<number>;
  /** Silent and stuck, with everything it has. */
  hung: boolean;
}

const functions = [
  { fn: 'tiny_1', lang: 'c', concurrencyMax: 0 },
  { fn: 'again_1', lang: 'c', concurrencyMax: 0, idempotent: true },
  { fn: 'limited_1', lang: 'c', concurrencyMax: 2 },
  { fn: 'other_1', lang: 'js', concurrencyMax: 0, strategy: 'least' },
  { fn: 'nowhere_1', lang: 'php', concurrencyMax: 0 },
];
const bounds = { queueLengthMax: 4, jobsMax: 24, workerWaitMs: 2000, workerReturnMs: 2000, workerIdleMs: 1000 };
/** What its supervisor starts on order. */
const kinds = [
  { inline: true, kept: 0, usual: 1, max: 2, slots: 4, runs: ['c'] },
  { inline: false, kept: 0, usual: 1, max: 2, slots: 4, runs: ['js', 'c'], builds: ['c'] },
];
const lateMaxMs = 1000;

/** What may happen at any time, with how often it does beside the rest. */
export const actionWeights = {
  ask: 6,
  begin: 6,
  answer: 6,
  cancel: 1,
  attach: 1,
  arrive: 1.5,
  end: 0.5,
  reattach: 0.2,
  drain: 0.2,
  hang: 0.3,
  strategy: 0.1,
  pass: 6,
};
export type Action = keyof typeof actionWeights;

/** One thing that happens; its particulars are drawn from the dice, 0 to 1, again from the first when they run out. */
export interface Step {
  readonly action: Action;
  readonly dice: readonly number[];
}

/** A balancer among workers and supervisors that do anything at any time, by a seed; it notes every broken promise. */
export class FleetSimulation {
  readonly violations: string[] = [];
  readonly outcomes = new Set<string>();
  answeredCount = 0;
  askedCount = 0;
  readonly #rig: Rig;
  #random: () => number;
  readonly #supervisor: FakeSupervisor;
  readonly #open = new Set<Asked>();
  readonly #processes: Process[] = [];
  /** How often each invocation was begun by any worker: none may begin twice unless that does no harm. */
  readonly #begun = new Map<string, number>();
  #workerCount = 0;
  /** Orders for workers that nobody has obeyed yet: whether they are to be inline. */
  readonly #orders: boolean[] = [];
  #finishing = false;

  private constructor(rig: Rig, random: () => number) {
    this.#rig = rig;
    this.#random = random;
    this.#supervisor = new FakeSupervisor(rig.balancer, 'here', kinds);
    this.#supervisor.onStart = ({ inline }) => this.#orders.push(inline);
    this.#supervisor.onKill = ({ workerId }) => {
      const process = this.#processes.find(({ worker }) => worker.id === workerId);
      if (process) this.#end(process);
    };
  }

  static async start(
    seed: number,
    strategy = strategyNames[seed % strategyNames.length] ?? 'fifo',
  ): Promise<FleetSimulation> {
    return new FleetSimulation(await startRig({ strategy, bounds }), seededRandom(seed));
  }

  status(): Promise<GetStatusResponse> {
    return this.#rig.balancer.getStatus({}, { budgetMs: 1000 });
  }

  /** So many things happen, as the seed has it. */
  async run(steps: number): Promise<void> {
    const weights = Object.entries(actionWeights) as [Action, number][];
    const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
    for (let step = 0; step < steps; step++) {
      let at = this.#random() * total;
      const [action] = weights.find(([, weight]) => {
        at -= weight;
        return at < 0;
      }) ?? ['pass'];
      await this.#step(action);
    }
  }

  /** These things happen. */
  async follow(steps: readonly Step[]): Promise<void> {
    for (const { action, dice } of steps) {
      let thrown = 0;
      this.#random = () => dice[thrown++ % dice.length] ?? 0;
      await this.#step(action);
    }
  }

  /** Lets everything come to its end: nothing new, time passes beyond every deadline. */
  async finish(): Promise<void> {
    this.#finishing = true;
    for (let step = 0; step < 200; step++) {
      this.#rig.clock.advance(50);
      this.#beat();
      await settled();
      await this.#check();
    }
    for (const process of [...this.#processes]) this.#end(process);
    await settled();
    for (let step = 0; step < 20; step++) {
      this.#rig.clock.advance(50);
      await settled();
    }
  }

  async #step(action: Action): Promise<void> {
    this.#do(action);
    // Sometimes several things happen before any message arrives.
    if (this.#random() < 0.7) await settled();
    await this.#check();
  }

  #do(action: Action): void {
    const actions: Record<Action, () => void> = {
      ask: () => this.#ask(),
      begin: () => this.#begin(),
      answer: () => this.#answer(),
      cancel: () => this.#cancel(),
      attach: () => this.#attach(),
      arrive: () => this.#arrive(),
      end: () => this.#endAny(),
      reattach: () => this.#reattach(),
      drain: () => this.#drain(),
      hang: () => this.#hang(),
      strategy: () => this.#setStrategy(),
      pass: () => this.#pass(),
    };
    actions[action]();
  }

  #ask(): void {
    const spec = this.#one(functions) ?? { fn: 'tiny_1', lang: 'c', concurrencyMax: 0 };
    const invocationId = `i${this.askedCount++}`;
    const budgetMs = Math.floor(20 + this.#random() ** 3 * 5000);
    const isBuild = this.#random() < 0.1;
    const job = isBuild ? build('c', budgetMs) : call({ ...spec, budgetMs, payload: invocationId });
    const gone = new AbortController();
    const answer = ask(this.#rig, { ...job, invocationId }, gone.signal);
    const asked = { answer, invocationId, deadlineMs: this.#rig.clock.nowMs() + budgetMs, gone };
    this.#open.add(asked);
    void answer.promise.then(() => this.#answered(asked));
  }

  #answered(asked: Asked): void {
    if (!this.#open.delete(asked)) this.violations.push(`${asked.invocationId} was answered twice`);
    this.answeredCount++;
    const { failure, error, output } = asked.answer;
    if (output !== undefined && output !== asked.invocationId && output !== '') {
      this.violations.push(`${asked.invocationId} got the answer of ${output}`);
    }
    this.outcomes.add(error ? 'cancelled' : (failure?.reason ?? 'answered'));
  }

  #attach(): void {
    if (this.#processes.length >= 5) return;
    const inline = this.#random() < 0.5;
    const slots = 1 + Math.floor(this.#random() * 4);
    const languages = this.#random() < 0.5 ? [language('c')] : [language('js'), language('c', true, false)];
    this.#workerCount++;
    this.#spawn({ workerId: `w${this.#workerCount}`, inline, slots, languages }, new Set());
  }

  /** A worker that was ordered is there at last, or never will be. */
  #arrive(): void {
    const inline = this.#orders.shift();
    if (inline === undefined || this.#random() < 0.2) return;
    this.#workerCount++;
    const workerId = `o${this.#workerCount}`;
    this.#supervisor.started(workerId, inline);
    const languages = inline ? [language('c', true, false)] : [language('js'), language('c')];
    this.#spawn({ workerId, inline, slots: 4, languages }, new Set());
  }

  #spawn(
    hello: ConstructorParameters<typeof FakeWorker>[1] & { slots: number; inline: boolean },
    begunIds: Set<number>,
  ) {
    const worker = new FakeWorker(this.#rig.balancer, hello);
    this.#processes.push({ worker, slots: hello.slots, inline: hello.inline, begunIds, hung: false });
  }

  /** One that is not hung begins what came first. */
  #begin(): void {
    const process = this.#one(this.#processes.filter(({ hung }) => !hung));
    const job = process?.worker.jobs.find(({ id }) => !process.begunIds.has(id));
    if (process && job) this.#beginJob(process, job);
  }

  #beginJob(process: Process, job: Job): void {
    process.begunIds.add(job.id);
    const times = (this.#begun.get(job.invocationId) ?? 0) + 1;
    this.#begun.set(job.invocationId, times);
    if (times > timesMax(job)) this.violations.push(`${job.invocationId} began ${times} times`);
    if (times > job.attempt) this.violations.push(`${job.invocationId} was told of too few attempts`);
  }

  #answer(): void {
    const process = this.#one(this.#processes.filter(({ hung }) => !hung));
    if (!process) return;
    const { worker, begunIds } = process;
    const count = Math.floor(this.#random() * 4);
    const finished = worker.jobs.filter(({ id }) => begunIds.has(id)).slice(0, count);
    worker.answer(finished, Math.floor(this.#random() * 4000));
  }

  #cancel(): void {
    this.#one([...this.#open])?.gone.abort();
  }

  #endAny(): void {
    const process = this.#one(this.#processes);
    if (process) this.#end(process);
  }

  /** A process ends: link and report in any order, and sometimes there is no report. */
  #end(process: Process): void {
    this.#processes.splice(this.#processes.indexOf(process), 1);
    const { worker, begunIds } = process;
    const close = () => worker.close();
    const report = () => this.#supervisor.exited(worker.id, [...begunIds]);
    const turns = [[close, report], [report, close], [close]];
    for (const event of this.#one(turns) ?? [close]) event();
  }

  /** The same process loses its link and dials again; it keeps its journal and drops its jobs. */
  #reattach(): void {
    const process = this.#one(this.#processes);
    if (!process) return;
    this.#processes.splice(this.#processes.indexOf(process), 1);
    const { worker, slots, inline, begunIds } = process;
    if (this.#random() < 0.5) worker.close();
    this.#spawn({ workerId: worker.id, slots, inline }, begunIds);
  }

  #drain(): void {
    const process = this.#one(this.#processes);
    if (!process) return;
    if (this.#random() < 0.5) process.worker.send({ draining: true });
    else void this.#rig.balancer.drainWorker({ workerId: process.worker.id }, { budgetMs: 1000 }).catch(() => {});
  }

  #setStrategy(): void {
    const strategy = this.#one(strategyNames) ?? 'fifo';
    void this.#rig.balancer.setStrategy({ strategy }, { budgetMs: 1000 });
  }

  #hang(): void {
    const process = this.#one(this.#processes);
    if (process) process.hung = true;
  }

  #pass(): void {
    this.#rig.clock.advance(Math.floor(this.#random() ** 2 * 120));
    this.#beat();
  }

  #beat(): void {
    for (const { hung, worker } of this.#processes) if (!hung) worker.heartbeat();
  }

  #one<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }

  async #check(): Promise<void> {
    const nowMs = this.#rig.clock.nowMs();
    for (const { invocationId, deadlineMs } of this.#open) {
      if (nowMs > deadlineMs + lateMaxMs) this.violations.push(`${invocationId} had no answer in time`);
    }
    for (const { worker, slots } of this.#processes) {
      if (worker.jobs.length > slots) this.violations.push(`${worker.id} was given more than its credit`);
    }
    if (this.#open.size > bounds.jobsMax + (this.#finishing ? 0 : 1)) this.violations.push('more jobs than the bound');
    const limited = this.#processes.flatMap(({ worker }) => worker.jobs.filter(isLimited));
    if (limited.length > 2) this.violations.push('a function ran above its concurrency');
    const { workers } = await this.#rig.balancer.listWorkers({}, { budgetMs: 1000 });
    const { decisions } = await this.#rig.balancer.explainScale({ subject: '', limit: 4 }, { budgetMs: 1000 });
    if (decisions.some(({ decided, policy }) => decided < (policy?.min ?? 0) || decided > (policy?.max ?? 0))) {
      this.violations.push('a decision out of its bounds');
    }
    if (workers.some(({ running, slots }) => running < 0 || running > slots)) this.violations.push('negative credit');
  }
}

function isLimited({ work }: Job): boolean {
  return work?.$case === 'invoke' && work.value.functionId === 'limited_1';
}

function timesMax({ work }: Job): number {
  return work?.$case === 'build' || work?.value.idempotent ? 3 : 1;
}
