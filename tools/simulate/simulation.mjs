import { Balancer } from '@relais/balancer';
import { InvokeWork, Job } from '@relais/contracts';
import { ManualClock, passThroughTracer, silentLogger } from '@relais/kit';
import { EventQueue } from './event-queue.mjs';
import { capacityOf, makeFleet } from './fleet.mjs';
import { jain, peakOverMean, quantiles } from './measures.mjs';
import { seededRandom } from './random.mjs';
import { SimulatedSupervisor } from './simulated-supervisor.mjs';
import { SimulatedWorker } from './simulated-worker.mjs';
import { arrivals, makeFunctions, meanRunMs, workloads } from './workload.mjs';

const budgetMs = 900_000;
const callsToJudge = 10;
/** Nothing is measured during the first of the calls: everything is cold then, whatever the strategy. */
const warmUpShare = 0.1;

/**
 * Drives a real balancer with simulated workers and callers, from start to the last answer.
 * @param {{ strategy: string, workload: keyof typeof workloads, workers: number, functions: number, jobs: number,
 *   keepAliveMs: number, seed: number }} options
 */
export async function simulate(options) {
  const run = new Run(options);
  await run.start();
  return run.toTheEnd();
}

class Run {
  #options;
  #clock = new ManualClock();
  #events = new EventQueue();
  #functions;
  #indexOf;
  #supervisor;
  #arrivals;
  #plans;
  #workers;
  #balancer;
  /** By index of the call. */
  #fnOf;
  #runMs;
  #arrivedMs;
  #latencyMs;
  #overheadMs;
  #asked = 0;
  #refused = 0;
  #measuredFromMs = 0;

  constructor(options) {
    const { functions, jobs, keepAliveMs, seed, strategy, workers, workload } = options;
    const { load, swing, tinyShare } = workloads[workload];
    this.#options = options;
    this.#functions = makeFunctions(functions, tinyShare, seed);
    this.#plans = makeFleet(workers, tinyShare > 0, seed + 1);
    this.#arrivals = arrivals(
      this.#functions,
      ratePerMs(this.#functions, this.#plans, tinyShare, load),
      seed + 2,
      swing,
    );
    this.#indexOf = new Map(this.#functions.map(({ id }, index) => [id, index]));
    this.#fnOf = new Uint32Array(jobs);
    this.#runMs = new Float64Array(jobs);
    this.#arrivedMs = new Float64Array(jobs);
    this.#latencyMs = new Float64Array(jobs).fill(Number.NaN);
    this.#overheadMs = new Float64Array(jobs);
    this.#workers = this.#plans.map((plan) => new SimulatedWorker(plan, keepAliveMs, this.#world()));
    this.#supervisor = new SimulatedSupervisor(this.#world(), this.#workers);
    this.#balancer = new Balancer({
      clock: this.#clock,
      logger: silentLogger,
      tracer: passThroughTracer,
      strategy,
      random: seededRandom(seed + 3),
      bounds: { queueLengthMax: jobs, jobsMax: jobs, functionsMax: functions * 2, heartbeatMs: 1e9 },
    });
  }

  async start() {
    await this.#balancer.start();
    this.#supervisor.attach(this.#balancer, workloads[this.#options.workload].keptShare);
    this.#nextArrival();
  }

  async toTheEnd() {
    for (let event = this.#events.take(); event; event = this.#events.take()) {
      this.#clock.advance(event.atMs - this.#clock.nowMs());
      event.callback();
      // What the balancer sends in one turn of the loop travels at its end, in no simulated time.
      await new Promise(setImmediate);
    }
    await this.#balancer.stop(0);
    return this.#report();
  }

  #world() {
    return {
      nowMs: () => this.#clock.nowMs(),
      at: (atMs, callback) => this.#events.add(atMs, callback),
      callOf: (job) => this.#callOf(Number(job.invocationId)),
      indexOf: (id) => this.#indexOf.get(id),
      begun: (job, coldMs) => this.#begun(Number(job.invocationId), coldMs),
    };
  }

  #callOf(index) {
    const fnIndex = this.#fnOf[index];
    return { fnIndex, fn: this.#functions[fnIndex], runMs: this.#runMs[index] };
  }

  #begun(index, coldMs) {
    this.#overheadMs[index] = this.#clock.nowMs() - this.#arrivedMs[index] + coldMs;
  }

  #nextArrival() {
    if (this.#asked === this.#options.jobs) return;
    const { waitMs, fnIndex, runMs } = this.#arrivals.next();
    this.#events.add(this.#clock.nowMs() + waitMs, () => {
      this.#ask(fnIndex, runMs);
      this.#nextArrival();
    });
  }

  #ask(fnIndex, runMs) {
    const index = this.#asked++;
    if (index === Math.floor(this.#options.jobs * warmUpShare)) this.#beginMeasuring();
    this.#fnOf[index] = fnIndex;
    this.#runMs[index] = runMs;
    this.#arrivedMs[index] = this.#clock.nowMs();
    const answer = this.#balancer.exchange(jobOf(index, this.#functions[fnIndex]), { budgetMs });
    void answer.then((result) => this.#answered(index, result));
  }

  #answered(index, { outcome }) {
    if (outcome?.$case === 'invoked') this.#latencyMs[index] = this.#clock.nowMs() - this.#arrivedMs[index];
    else this.#refused++;
  }

  #beginMeasuring() {
    this.#measuredFromMs = this.#clock.nowMs();
    this.#supervisor.reset();
    for (const worker of this.#workers) {
      worker.busyMs = 0;
      worker.coldCount = 0;
      worker.callCount = 0;
    }
  }

  #report() {
    const first = Math.floor(this.#options.jobs * warmUpShare);
    const answered = Array.from(this.#latencyMs.keys()).filter(
      (index) => index >= first && !Number.isNaN(this.#latencyMs[index]),
    );
    const column = (values) => Float64Array.from(answered, (index) => values[index]);
    const [p50Ms, p99Ms, p999Ms] = quantiles(column(this.#latencyMs), [0.5, 0.99, 0.999]);
    const [overhead50Ms, overhead99Ms] = quantiles(column(this.#overheadMs), [0.5, 0.99]);
    const elapsedMs = this.#clock.nowMs() - this.#measuredFromMs;
    const used = this.#workers.map((worker) => worker.utilization(elapsedMs));
    return {
      strategy: this.#options.strategy,
      answered: answered.length,
      refused: this.#refused,
      p50Ms,
      p99Ms,
      p999Ms,
      overhead50Ms,
      overhead99Ms,
      coldStarts: this.#workers.reduce((sum, { coldCount }) => sum + coldCount, 0),
      fairness: jain(this.#shares(answered)),
      imbalance: Math.max(peakOverMean(this.#usedBy(true, used)), peakOverMean(this.#usedBy(false, used))),
      simulatedS: this.#clock.nowMs() / 1000,
      workers: this.#supervisor.workersSince(this.#measuredFromMs),
      started: this.#supervisor.startedCount,
      load: used.reduce((sum, share) => sum + share, 0) / used.length,
    };
  }

  /** Of the workers of one kind. */
  #usedBy(inline, used) {
    return used.filter((_, index) => this.#plans[index].inline === inline);
  }

  /** Of each function called often enough: the share of the time of its calls in which they ran. */
  #shares(answered) {
    const sums = this.#functions.map(() => ({ calls: 0, latencyMs: 0, runMs: 0 }));
    for (const index of answered) {
      const sum = sums[this.#fnOf[index]];
      sum.calls++;
      sum.latencyMs += this.#latencyMs[index];
      sum.runMs += this.#latencyMs[index] - this.#overheadMs[index];
    }
    return sums.filter(({ calls }) => calls >= callsToJudge).map(({ latencyMs, runMs }) => runMs / latencyMs);
  }
}

/** Calls for each millisecond so that each kind of worker has at most the load that is asked for. */
function ratePerMs(functions, plans, tinyShare, load) {
  const rateOf = (lang, inline, share) =>
    share === 0 ? Number.POSITIVE_INFINITY : (load * capacityOf(plans, inline)) / (meanRunMs(functions, lang) * share);
  return Math.min(rateOf('c', true, tinyShare), rateOf('python', false, 1 - tinyShare));
}

const payload = Buffer.alloc(0);
const emptyJob = Job.create();
const emptyCall = InvokeWork.create();

function jobOf(index, { id, lang }) {
  return {
    ...emptyJob,
    id: index,
    invocationId: String(index),
    lang,
    budgetMs,
    traceparent: '',
    attempt: 1,
    work: {
      $case: 'invoke',
      value: { ...emptyCall, functionId: id, functionName: id, payload },
    },
  };
}
