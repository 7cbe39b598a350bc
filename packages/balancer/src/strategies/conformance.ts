import { seededRandom } from '../testing/seeded-random.js';
import { StandingWorker } from '../testing/standing-worker.js';
import { placeOf } from '../workers/place.js';
import { PoolRoom } from '../workers/pool-room.js';
import { type Strategy, startPicker } from './strategy.js';

const workAheadMs = 10;

/** A function by its name. */
export function fnOf(name: string): { place: number } {
  return { place: placeOf(name) };
}

/** Workers by attach order, and the room they have. */
export function roomOf(workers: readonly StandingWorker[]): PoolRoom<StandingWorker> {
  const room = new PoolRoom<StandingWorker>(workAheadMs);
  for (const worker of workers) room.add(worker);
  return room;
}

function workersOf(count: number, slots = 8): StandingWorker[] {
  return Array.from({ length: count }, (_, index) => new StandingWorker(index + 1, { slots }));
}

/** Fills workers up and empties them as it comes. */
function shake(workers: readonly StandingWorker[], random: () => number): void {
  for (const worker of workers) {
    const jobCount = random() < 0.4 ? worker.slots : Math.floor(random() * worker.slots);
    worker.set({ jobCount, outstandingMs: jobCount * random() * 100 });
  }
}

/** What every strategy must hold to. An implementation's test calls this, and tests what is the strategy's own. */
export function strategyConformance<State>(strategy: Strategy<State>): void {
  describe(`strategy ${strategy.name}`, () => {
    test('has a lower-case name', () => {
      expect(strategy.name).toMatch(/^[a-z]+$/);
    });

    test('picks none of none', () => {
      expect(startPicker(strategy).pick(roomOf([]).forJob(1, 0), fnOf('f'))).toBeUndefined();
    });

    test('picks a worker with room whenever there is one, and only such', () => {
      const random = seededRandom(2);
      const workers = workersOf(8);
      const room = roomOf(workers);
      const picker = startPicker(strategy);
      for (let round = 0; round < 1000; round++) {
        shake(workers, random);
        const chosen = picker.pick(room.forJob(1, 0), fnOf(`f${round % 20}`));
        const free = workers.filter(({ jobCount, slots }) => jobCount < slots);
        expect(chosen === undefined).toBe(free.length === 0);
        expect(chosen === undefined || free.includes(chosen)).toBe(true);
      }
    });

    test('starves no worker that is the only one with room', () => {
      const workers = workersOf(8);
      const room = roomOf(workers);
      const picker = startPicker(strategy);
      for (const order of [5, 1, 8, 1, 2]) {
        for (const worker of workers) worker.set({ jobCount: worker.attachOrder === order ? 7 : 8, outstandingMs: 7 });
        expect(picker.pick(room.forJob(1, 0), fnOf('f'))?.attachOrder).toBe(order);
      }
    });

    test('gives every worker work when the chosen ones fill up', () => {
      const workers = workersOf(5, 2);
      const room = roomOf(workers);
      const picker = startPicker(strategy);
      for (let job = 0; job < 10; job++) picker.pick(room.forJob(1, 0), fnOf('f'))?.take(1);
      expect(workers.map(({ jobCount }) => jobCount)).toEqual([2, 2, 2, 2, 2]);
      expect(picker.pick(room.forJob(1, 0), fnOf('f'))).toBeUndefined();
    });

    test('puts no call behind a long one on workers that run them one after the other', () => {
      const workers = [1, 2, 3].map((order) => new StandingWorker(order, { inline: true }));
      const room = roomOf(workers);
      const picker = startPicker(strategy);
      for (let job = 0; job < 3; job++) picker.pick(room.forJob(50, 0), fnOf('long'))?.take(50);
      expect(workers.map(({ jobCount }) => jobCount)).toEqual([1, 1, 1]);
      expect(picker.pick(room.forJob(0.1, 0), fnOf('short'))).toBeUndefined();
    });

    test('does the same again in the same circumstances', () => {
      const run = () => {
        const random = seededRandom(5);
        const workers = workersOf(8);
        const room = roomOf(workers);
        const picker = startPicker(strategy);
        return Array.from({ length: 200 }, (_, round) => {
          shake(workers, random);
          return picker.pick(room.forJob(1, 0), fnOf(`f${round % 7}`))?.id;
        });
      };
      expect(run()).toEqual(run());
    });

    test('goes by workers as they come and go', () => {
      const random = seededRandom(6);
      const workers = workersOf(3);
      const room = roomOf(workers);
      const picker = startPicker(strategy);
      for (let round = 0; round < 300; round++) {
        const gone = workers.splice(Math.floor(random() * workers.length), 1)[0];
        if (gone) room.remove(gone);
        const come = new StandingWorker(round + 4);
        workers.push(come);
        room.add(come);
        shake(workers, random);
        const chosen = picker.pick(room.forJob(1, 0), fnOf('f'));
        const free = workers.filter(({ jobCount, slots }) => jobCount < slots);
        expect(chosen === undefined ? free : free.includes(chosen)).toEqual(chosen === undefined ? [] : true);
      }
    });
  });
}
