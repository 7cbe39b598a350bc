import { AttachRequest, JobResult } from '@relais/contracts';
import { Instances } from './instances.mjs';

/**
 * A worker on simulated time, at the end of a real link's contract: takes the frames a balancer sends and answers with
 * frames as a worker does. Native workers run calls side by side, each in an instance of its function; inline ones run
 * them one after the other and compile a function's module before its first call.
 */
export class SimulatedWorker {
  peer = 'balancer';
  busyMs = 0;
  coldCount = 0;
  callCount = 0;
  #plan;
  #world;
  #instances;
  #makeInstances;
  #receiver;
  #waiting = [];
  #running = 0;

  #isDraining = false;
  #left = () => {};

  /**
   * world: `nowMs()`, `at(ms, callback)`, `callOf(job)` giving its function and run time, `begun(job, coldMs)`, `indexOf(id)`
   * of a function.
   */
  constructor(plan, keepAliveMs, world) {
    this.#plan = plan;
    this.#world = world;
    this.#makeInstances = () => new Instances(plan.instancesMax, keepAliveMs);
    this.#instances = this.#makeInstances();
  }

  get id() {
    return this.#plan.id;
  }

  get inline() {
    return this.#plan.inline;
  }

  get slots() {
    return this.#plan.slots;
  }

  /** Attaches to a balancer, with nothing warm; left: it was drained and has finished what it had. */
  attach(balancer, workerId, left) {
    const { inline, slots, speed } = this.#plan;
    const lang = inline ? 'c' : 'python';
    const languages = [{ lang, runs: true, builds: false, reason: '', toolchain: '' }];
    this.#instances = this.#makeInstances();
    this.#isDraining = false;
    this.#left = left;
    balancer.attachWorker(this);
    this.#say({ hello: { workerId, pid: 1, host: 'simulated', slots, languages, inline, weight: speed } });
  }

  /** Share of its capacity that was used in so much time. */
  utilization(elapsedMs) {
    const lanes = this.#plan.inline ? 1 : this.#plan.slots;
    return this.busyMs / (lanes * elapsedMs);
  }

  receive(receiver) {
    this.#receiver = receiver;
  }

  send({ drain, idleFunctionIds, jobs }) {
    for (const job of jobs) this.#waiting.push(job);
    for (const id of idleFunctionIds) this.#instances.endIdle(this.#world.indexOf(id));
    if (drain) this.#isDraining = true;
    this.#next();
  }

  close() {}

  #next() {
    const runsAtOnce = this.#plan.inline ? 1 : this.#plan.slots;
    while (this.#running < runsAtOnce && this.#waiting.length > 0) this.#begin(this.#waiting.shift());
    if (this.#isDraining && this.#running === 0) this.#leave();
  }

  /** After the frame that it has just taken or sent. */
  #leave() {
    this.#isDraining = false;
    const receiver = this.#receiver;
    this.#world.at(this.#world.nowMs(), () => {
      receiver.closed();
      this.#left();
    });
  }

  #begin(job) {
    const { speed } = this.#plan;
    const nowMs = this.#world.nowMs();
    const { fnIndex, fn, runMs } = this.#world.callOf(job);
    const isCold = this.#instances.take(fnIndex, nowMs);
    const coldMs = isCold ? fn.coldMs / speed : 0;
    const tookMs = coldMs + runMs / speed;
    this.#running++;
    this.callCount++;
    this.busyMs += tookMs;
    if (isCold) this.coldCount++;
    this.#world.begun(job, coldMs);
    this.#world.at(nowMs + tookMs, () => this.#finish(job, fnIndex, coldMs, runMs / speed));
  }

  #finish(job, fnIndex, coldMs, runMs) {
    this.#running--;
    this.#instances.giveBack(fnIndex, this.#world.nowMs());
    this.#say({ results: [resultOf(job, coldMs, runMs)] });
    this.#next();
  }

  #say(frame) {
    this.#receiver.message({ ...emptyFrame, ...frame });
  }
}

const output = Buffer.alloc(0);
const emptyFrame = AttachRequest.create();
const emptyResult = JobResult.create();

function resultOf(job, coldMs, runMs) {
  const timings = { queuedUs: 0, coldUs: coldMs * 1000, runUs: runMs * 1000, fetchUs: 0, compileUs: 0, startUs: 0 };
  return {
    ...emptyResult,
    id: job.id,
    outcome: { $case: 'invoked', value: { output, http: undefined } },
    timings,
  };
}
