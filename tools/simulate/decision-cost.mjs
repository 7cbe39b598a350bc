import { Balancer, PoolRoom, pickerOf, placeOf } from '@relais/balancer';
import { AttachRequest, InvokeWork, Job, JobResult } from '@relais/contracts';
import { ManualClock, passThroughTracer, silentLogger } from '@relais/kit';
import { seededRandom } from './random.mjs';

const slots = 4;
const functionCount = 200;
const estimateMs = 5;
/** Jobs answered and given out in one turn of the loop; on any fleet the same. */
const jobsPerTurn = 8;

/**
 * What a decision alone costs: a strategy asks, the chosen worker takes the job, another gives one back; half of all slots
 * are taken.
 * @returns {number} microseconds of CPU for a decision: the median of several rounds
 */
export function decisionUs({ strategy, workers, decisions, rounds, seed }) {
  const random = seededRandom(seed);
  const room = new PoolRoom(10);
  const fleet = Array.from({ length: workers }, (_, index) => new Standing(index));
  for (const worker of fleet) room.add(worker);
  const picker = pickerOf(strategy);
  const functions = Array.from({ length: functionCount }, (_, index) => ({ place: placeOf(`fn-${index}`) }));
  const held = [];
  const take = () => {
    const chosen = picker.pick(room.forJob(estimateMs, 0), functions[Math.floor(random() * functionCount)]);
    chosen.change(1);
    held.push(chosen);
  };
  for (let job = 0; job < (workers * slots) / 2; job++) take();
  return medianUs(rounds, decisions, () => {
    for (let job = 0; job < decisions; job++) {
      const index = Math.floor(random() * held.length);
      held[index].change(-1);
      held[index] = held[held.length - 1];
      held.pop();
      take();
    }
  });
}

function medianUs(rounds, count, work) {
  const samples = [];
  // The first round only warms up.
  for (let round = 0; round <= rounds; round++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    if (round > 0) samples.push((user + system) / count);
  }
  return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)];
}

/** A worker that only stands in line-ups. */
class Standing {
  inline = false;
  weight = 1;
  slowness = 1;
  kept = false;
  slots = slots;
  jobCount = 0;
  outstandingMs = 0;
  progressMs = 0;
  seats = [];

  constructor(index) {
    this.id = `worker-${index}`;
    this.attachOrder = index;
  }

  get callCount() {
    return this.jobCount;
  }

  change(jobs) {
    this.jobCount += jobs;
    this.outstandingMs += jobs * estimateMs;
    for (const seat of this.seats) seat.changed();
  }
}

/**
 * What a job costs a real balancer, from the caller's question to its answer, with half of all slots taken.
 * @returns {Promise<number>} microseconds of CPU for a job: the median of several rounds
 */
export async function jobUs({ strategy, workers, turns, rounds, seed }) {
  const fleet = await HalfBusyFleet.start(strategy, workers, seed);
  const samples = [];
  await fleet.turn(turns);
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await fleet.turn(turns);
    const { user, system } = process.cpuUsage(before);
    samples.push((user + system) / (turns * jobsPerTurn));
  }
  await fleet.stop();
  return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)];
}

class HalfBusyFleet {
  #balancer;
  #random;
  /** Jobs that workers have, with what answers each. */
  #held = [];
  #asked = 0;

  static async start(strategy, workers, seed) {
    const fleet = new HalfBusyFleet(strategy, seed);
    await fleet.#balancer.start();
    for (let index = 0; index < workers; index++) fleet.#attach(`worker-${index}`);
    for (let job = 0; job < (workers * slots) / 2; job++) fleet.#ask();
    await turnOver();
    return fleet;
  }

  constructor(strategy, seed) {
    this.#random = seededRandom(seed);
    this.#balancer = new Balancer({
      clock: new ManualClock(),
      logger: silentLogger,
      tracer: passThroughTracer,
      strategy,
      random: this.#random,
      bounds: { queueLengthMax: 1e6, jobsMax: 1e6 },
    });
  }

  async turn(count) {
    for (let turn = 0; turn < count; turn++) {
      for (let job = 0; job < jobsPerTurn && this.#held.length > 0; job++) this.#answerOne();
      for (let job = 0; job < jobsPerTurn; job++) this.#ask();
      await turnOver();
    }
  }

  async stop() {
    await this.#balancer.stop(0);
  }

  #attach(workerId) {
    let receiver;
    const say = (frame) => receiver.message({ ...emptyFrame, ...frame });
    this.#balancer.attachWorker({
      peer: workerId,
      receive: (given) => {
        receiver = given;
      },
      send: ({ jobs }) => {
        for (const job of jobs) this.#held.push(() => say({ results: [resultOf(job)] }));
      },
      close: () => {},
    });
    const languages = [{ lang: 'python', runs: true, builds: false, reason: '', toolchain: '' }];
    say({ hello: { workerId, pid: 1, host: 'here', slots, languages, inline: false, weight: 1 } });
  }

  #answerOne() {
    const index = Math.floor(this.#random() * this.#held.length);
    const answer = this.#held[index];
    const last = this.#held.pop();
    if (index < this.#held.length) this.#held[index] = last;
    answer();
  }

  #ask() {
    const name = `fn-${Math.floor(this.#random() * functionCount)}_1700000000`;
    void this.#balancer.exchange(
      {
        ...emptyJob,
        id: this.#asked++,
        invocationId: '',
        lang: 'python',
        budgetMs: 30_000,
        traceparent: '',
        attempt: 1,
        work: { $case: 'invoke', value: { ...emptyCall, functionId: name, functionName: name, payload: empty } },
      },
      { budgetMs: 30_000 },
    );
  }
}

const empty = Buffer.alloc(0);
const emptyFrame = AttachRequest.create();
const emptyResult = JobResult.create();
const emptyJob = Job.create();
const emptyCall = InvokeWork.create();

function resultOf({ id }) {
  return {
    ...emptyResult,
    id,
    outcome: { $case: 'invoked', value: { output: empty } },
    timings: { queuedUs: 0, coldUs: 0, runUs: 5000, fetchUs: 0, compileUs: 0, startUs: 0 },
  };
}

function turnOver() {
  return new Promise((resolve) => setImmediate(resolve));
}
