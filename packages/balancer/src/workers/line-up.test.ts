import fc from 'fast-check';
import { StandingWorker, standingStalledMs } from '../testing/standing-worker.js';
import { ApartLane } from './apart-lane.js';
import { freeInMsOf, lanesOf, roomMsOf } from './fits.js';
import { placeOf } from './place.js';
import { PoolRoom } from './pool-room.js';

const workAheadMs = 10;

/** What happens next, and its particulars as far as they matter. */
interface Step {
  readonly kind: 'add' | 'remove' | 'return' | 'keep' | 'load' | 'pass';
  readonly at: number;
  readonly inline: boolean;
  readonly slots: number;
  readonly jobCount: number;
  readonly besideLoop: number;
  readonly workMs: number;
}

const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom('add', 'remove', 'return', 'keep', 'load', 'load', 'load', 'pass'),
    at: fc.nat(1000),
    inline: fc.boolean(),
    slots: fc.integer({ min: 1, max: 4 }),
    jobCount: fc.nat(4),
    besideLoop: fc.nat(2),
    workMs: fc.integer({ min: 1, max: 30 }),
  }),
  { maxLength: 120 },
);

/** Workers and their room, and the same questions answered by looking at every worker. */
class Fleet {
  readonly workers: StandingWorker[] = [];
  readonly room = new PoolRoom<StandingWorker>(workAheadMs);
  nowMs = 0;
  readonly #gone: StandingWorker[] = [];
  #attached = 0;

  do(step: Step): void {
    if (step.kind === 'pass') this.nowMs += step.workMs / 4;
    else if (step.kind === 'add') this.add(new StandingWorker(++this.#attached, step));
    else if (step.kind === 'return') this.#return(step.at);
    else if (this.workers.length > 0) this.#change(step, step.at % this.workers.length);
  }

  add(worker: StandingWorker): void {
    this.workers.push(worker);
    this.workers.sort((a, b) => a.attachOrder - b.attachOrder);
    this.room.add(worker);
  }

  withRoom(estimateMs: number): StandingWorker[] {
    return this.workers.filter((worker) => !worker.kept && roomMsOf(worker, this.nowMs, workAheadMs) >= estimateMs);
  }

  #return(at: number): void {
    const [worker] = this.#gone.splice(at % Math.max(1, this.#gone.length), 1);
    if (worker) this.add(worker);
  }

  #change(step: Step, index: number): void {
    const worker = this.workers[index] as StandingWorker;
    if (step.kind === 'keep') worker.set({ kept: !worker.kept });
    else if (step.kind === 'remove') {
      this.#gone.push(worker);
      this.workers.splice(index, 1);
      this.room.remove(worker);
    } else {
      const jobCount = Math.min(step.jobCount, worker.slots);
      const besideLoop = worker.inline ? Math.min(step.besideLoop, jobCount) : 0;
      const outstandingMs = (jobCount - besideLoop) * step.workMs;
      worker.set({ jobCount, besideLoop, outstandingMs, progressMs: this.nowMs });
    }
  }
}

const loadOf = (worker: StandingWorker) => worker.outstandingMs / lanesOf(worker);

/** Asks everything after every step. */
function check(fleet: Fleet, estimateMs: number, order: number): void {
  const withRoom = fleet.withRoom(estimateMs);
  const room = fleet.room.forJob(estimateMs, fleet.nowMs);
  expect(room.firstAfter(order)).toBe(withRoom.find(({ attachOrder }) => attachOrder > order));
  expect(room.firstAfter(-1)).toBe(withRoom[0]);
  const leastMs = Math.min(...withRoom.map(loadOf));
  expect(room.leastLoaded()).toBe(withRoom.find((worker) => loadOf(worker) === leastMs));
  const onRing = room.onRing(placeOf(`f${order}`), 5);
  expect(onRing === undefined).toBe(!withRoom.some((worker) => loadOf(worker) <= 5));
  expect(onRing === undefined || (withRoom.includes(onRing) && loadOf(onRing) <= 5)).toBe(true);
  const atShare = room.atShare((order % 10) / 10);
  expect(atShare === undefined || withRoom.includes(atShare)).toBe(true);
  expect(atShare !== undefined || withRoom.every((worker) => roomMsOf(worker, fleet.nowMs, workAheadMs) <= 0)).toBe(
    true,
  );
  const freeInMs = (worker: StandingWorker) => freeInMsOf(worker, fleet.nowMs);
  const keepable = fleet.workers.filter((worker) => !worker.kept && Number.isFinite(freeInMs(worker)));
  const soonestMs = Math.min(...keepable.map(freeInMs));
  expect(room.soonestFree(fleet.nowMs)).toBe(keepable.find((worker) => freeInMs(worker) === soonestMs));
  const lanes = fleet.workers.reduce((sum, worker) => sum + lanesOf(worker), 0);
  const workMs = fleet.workers.reduce((sum, { outstandingMs }) => sum + outstandingMs, 0);
  expect(room.averageLoadMs()).toBeCloseTo(lanes === 0 ? 0 : workMs / lanes, 6);
}

test('the index gives the answers that looking at every worker gives', () => {
  const estimates = fc.constantFrom(0, 0.05, 3, 8, 40);
  fc.assert(
    fc.property(steps, estimates, fc.nat(50), (all, estimateMs, order) => {
      const fleet = new Fleet();
      for (const step of all) {
        fleet.do(step);
        check(fleet, estimateMs, order);
      }
    }),
    { numRuns: 150 },
  );
});

test('a shorter call is not refused for what was found about a longer one, nor a later one for an earlier', () => {
  const fleet = new Fleet();
  const worker = new StandingWorker(1, { inline: true });
  fleet.add(worker);
  worker.take(1);
  const first = (nowMs: number, estimateMs: number) => fleet.room.forJob(estimateMs, nowMs).firstAfter(-1);
  expect([first(6, 5), first(6, 4)]).toEqual([undefined, worker]);
  expect([first(12, 4), first(12, 0.1)]).toEqual([undefined, undefined]);
  worker.set({ progressMs: 12 });
  expect(first(12, 4)).toBe(worker);
});

test('one that gives no result for longer than its estimate is not the one that is free first, nor one full of streams', () => {
  const fleet = new Fleet();
  const [stuck, busy, streaming] = [1, 2, 3].map((order) => new StandingWorker(order, { inline: true, slots: 2 }));
  for (const worker of [stuck, busy, streaming]) if (worker) fleet.add(worker);
  stuck?.take(0.5);
  busy?.take(5);
  streaming?.set({ jobCount: 2, besideLoop: 2 });
  const soonest = (nowMs: number) => fleet.room.soonestFree(nowMs);
  expect([soonest(0), soonest(4), soonest(5)]).toEqual([stuck, stuck, stuck]);
  busy?.set({ progressMs: 6 });
  expect([soonest(6), soonest(10)]).toEqual([busy, busy]);
  expect(soonest(20 + standingStalledMs)).toBeUndefined();
  streaming?.set({ jobCount: 1, besideLoop: 1 });
  expect(soonest(20 + standingStalledMs)).toBe(streaming);
});

test('a worker that leaves takes the calls it could run at once with it, as they were counted', () => {
  const room = new PoolRoom<ApartLane>(workAheadMs);
  const owners = [1, 2].map((order) =>
    Object.assign(new StandingWorker(order, { inline: true, slots: 4 }), { silent: false }),
  );
  const [leaves, stays] = owners.map((owner) => new ApartLane(owner, 2));
  if (!leaves || !stays) throw new Error('two were made');
  room.add(leaves);
  room.add(stays);
  stays.hold(10);
  owners[0]?.set({ jobCount: 4 });
  room.remove(leaves);
  expect(room.averageLoadMs()).toBe(5);
});

test('names that differ in little stand far apart, evenly', () => {
  const places = Array.from({ length: 10_000 }, (_, index) => placeOf(`worker-${index}`));
  const tenths = Array.from({ length: 10 }, (_, tenth) => places.filter((place) => Math.floor(place * 10) === tenth));
  for (const { length } of tenths) expect(Math.abs(length - 1000)).toBeLessThan(150);
});
