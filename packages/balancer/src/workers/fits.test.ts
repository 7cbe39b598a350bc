import { freeInMsOf, lanesOf, noRoom, roomMsOf, unknownLength, type WorkerLoad } from './fits.js';

const boundMs = 10;
const idle: WorkerLoad = {
  slots: 4,
  jobCount: 0,
  callCount: 0,
  inline: true,
  outstandingMs: 0,
  progressMs: 100,
  stalledFromMs: Number.POSITIVE_INFINITY,
};

function fits(worker: WorkerLoad, estimateMs: number, nowMs: number, workAheadMs: number): boolean {
  return roomMsOf(worker, nowMs, workAheadMs) >= estimateMs;
}

test('a full worker has no room, whatever it runs', () => {
  const full = { ...idle, jobCount: 4, callCount: 4 };
  expect(fits({ ...full, inline: false }, 0, 100, boundMs)).toBe(false);
  expect(fits(full, 0, 100, boundMs)).toBe(false);
});

test('an idle inline worker takes even a long call', () => {
  expect(fits(idle, 60_000, 100, boundMs)).toBe(true);
});

test('an inline worker takes short calls up to the bound of work ahead', () => {
  const busy = { ...idle, jobCount: 1, callCount: 1, outstandingMs: 8 };
  expect(fits(busy, 2, 100, boundMs)).toBe(true);
  expect(fits(busy, 2.1, 100, boundMs)).toBe(false);
});

test('an inline worker that has long given no result has no room, whatever was estimated', () => {
  const stuck = { ...idle, jobCount: 1, callCount: 1, outstandingMs: 0.1 };
  expect(fits(stuck, 0.1, 109, boundMs)).toBe(true);
  expect(fits(stuck, 0.1, 111, boundMs)).toBe(false);
});

test('a build in progress keeps no call off an inline worker', () => {
  expect(fits({ ...idle, jobCount: 1 }, 5, 9000, boundMs)).toBe(true);
});

test('a worker that runs calls side by side has room up to its credit, however long they are', () => {
  const busy = { ...idle, inline: false, jobCount: 3, callCount: 3, outstandingMs: 90_000 };
  expect(fits(busy, 60_000, 9000, boundMs)).toBe(true);
});

test('without credit there is no room even for a job that takes no time', () => {
  expect(roomMsOf({ ...idle, jobCount: 4 }, 100, boundMs)).toBe(noRoom);
});

test('runs at once as many calls as it has slots, or one', () => {
  expect([lanesOf({ inline: true, slots: 32 }), lanesOf({ inline: false, slots: 8 })]).toEqual([1, 8]);
});

test('beside a loop that is stalled there is no room until it gives a result', () => {
  const lane = { ...idle, inline: false, jobCount: 1, callCount: 1, stalledFromMs: 350 };
  expect([fits(lane, 0, 350, boundMs), fits(lane, 0, 351, boundMs)]).toEqual([true, false]);
  expect(fits({ ...lane, stalledFromMs: 600 }, 0, 351, boundMs)).toBe(true);
});

test('the last slots of a worker that runs calls side by side are for short calls', () => {
  const busy = { ...idle, inline: false, slots: 8, jobCount: 6, callCount: 6 };
  expect(fits(busy, 250, 100, boundMs)).toBe(true);
  expect(fits(busy, 251, 100, boundMs)).toBe(false);
  expect(fits({ ...busy, jobCount: 5 }, 60_000, 100, boundMs)).toBe(true);
  expect(fits({ ...busy, jobCount: 8 }, 1, 100, boundMs)).toBe(false);
});

test('calls of which nothing is known take half of the slots at most', () => {
  const busy = { ...idle, inline: false, slots: 8, jobCount: 4, callCount: 4 };
  expect(fits(busy, unknownLength, 100, boundMs)).toBe(false);
  expect(fits({ ...busy, jobCount: 3 }, unknownLength, 100, boundMs)).toBe(true);
  expect(fits({ ...busy, slots: 5 }, unknownLength, 100, boundMs)).toBe(true);
});

describe('when a worker that runs calls one after the other is free', () => {
  const busy = { ...idle, jobCount: 1, callCount: 1, outstandingMs: 40, stalledFromMs: 350 };

  test('is when its calls are done, by estimate or later', () => {
    expect([100, 140, 200].map((nowMs) => freeInMsOf(busy, nowMs))).toEqual([40, 40, 100]);
    expect(freeInMsOf({ ...idle, jobCount: 3 }, 9000)).toBe(0);
  });

  test('cannot be said once it is stalled beyond its estimate', () => {
    expect([350, 351].map((nowMs) => freeInMsOf(busy, nowMs))).toEqual([250, Number.POSITIVE_INFINITY]);
    expect(freeInMsOf({ ...busy, outstandingMs: 600 }, 351)).toBe(600);
  });

  test('is of no use while all slots are taken beside its loop', () => {
    expect(freeInMsOf({ ...idle, jobCount: 4 }, 100)).toBe(Number.POSITIVE_INFINITY);
    expect(freeInMsOf({ ...busy, jobCount: 4 }, 100)).toBe(40);
  });
});
