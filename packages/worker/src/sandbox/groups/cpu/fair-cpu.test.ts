import { ManualClock } from '@relais/kit';
import { FairCpu } from './fair-cpu.js';
import { FakeUser } from './testing/fake-user.js';

let clock: ManualClock;
let hog: FakeUser;
let sleeper: FakeUser;
let fair: FairCpu;
/** One of two processors idles all the time. */
let idleMs: () => number | undefined;
/** Of processor time, by others than functions. */
let othersMs: number;
const functionsMs = () => hog.used + sleeper.used;
const use = { allMs: () => functionsMs() + othersMs, functionsMs };

beforeEach(() => {
  othersMs = 0;
  clock = new ManualClock();
  hog = new FakeUser();
  sleeper = new FakeUser();
  idleMs = () => clock.nowMs();
  fair = new FairCpu(clock, use, { processors: 2, idleMs: () => idleMs() });
  fair.add(hog);
  fair.add(sleeper);
});

/** So many that serve one function. */
function serving(fn: object, count: number): FakeUser[] {
  const users = Array.from({ length: count }, () => new FakeUser());
  for (const user of users) {
    fair.add(user);
    fair.serve(user, fn);
  }
  return users;
}

function run(ms: number, hogShare: number, othersShare = 0): void {
  for (let at = 0; at < ms; at += 50) {
    hog.used += 50 * hogShare;
    othersMs += 50 * othersShare;
    sleeper.used += 1;
    clock.advance(50);
  }
}

test('who uses much is told once to yield, and once no more to; nobody else is', () => {
  run(2000, 1);
  expect(hog.ranks).toEqual(['last']);
  run(5000, 0);
  expect(hog.ranks).toEqual(['last', 'usual', 'light']);
  expect(sleeper.ranks).toEqual(['light']);
});

test('who has taken little for a second comes before others, and no longer when it takes more', () => {
  run(900, 0);
  expect(hog.ranks).toEqual([]);
  run(150, 0);
  expect(hog.ranks).toEqual(['light']);
  run(4000, 0.1);
  expect(hog.ranks).toEqual(['light']);
  run(1000, 1);
  expect(hog.ranks).toEqual(['light', 'usual', 'last']);
});

test('who comes before others may take a little more at once than is its share', () => {
  run(3000, 0);
  hog.used += 110;
  clock.advance(50);
  expect(hog.ranks).toEqual(['light']);
});

test('while little is used nobody is looked at', () => {
  run(1000, 0);
  expect(sleeper.asked).toBe(1);
  run(50, 1);
  expect(sleeper.asked).toBe(2);
});

test('who has left is left alone, and without anybody no clock is watched', () => {
  fair.remove(hog);
  run(2000, 1);
  expect(hog.ranks).toEqual([]);
  fair.remove(sleeper);
  const { asked } = sleeper;
  run(2000, 1);
  expect(sleeper.asked).toBe(asked);
});

test('of many that share the processors all yield, though none gets much; one that uses little does not', () => {
  const many = Array.from({ length: 10 }, () => new FakeUser());
  for (const one of many) fair.add(one);
  for (let at = 0; at < 1000; at += 50) {
    sleeper.used += 1;
    for (const one of many) one.used += 50 * 0.15;
    hog.used = many.reduce((sum, one) => sum + one.used, 0);
    clock.advance(50);
  }
  expect(many.map(({ ranks }) => ranks)).toEqual(many.map(() => ['last']));
  expect(sleeper.ranks).toEqual(['light']);
});

test('of many that serve one function each takes little and all together much: they go last, and who serves another does not', () => {
  const fn = {};
  const many = serving(fn, 10);
  fair.serve(sleeper, {});
  run(2000, 0);
  expect(many.map(({ ranks }) => ranks)).toEqual(many.map(() => ['light']));
  for (let at = 0; at < 3000; at += 50) {
    sleeper.used += 1;
    for (const one of many) one.used += 50 * 0.15;
    hog.used = many.reduce((sum, one) => sum + one.used, 0);
    clock.advance(50);
  }
  expect(many.map(({ ranks }) => ranks.at(-1))).toEqual(many.map(() => 'last'));
  expect(sleeper.ranks).toEqual(['light']);
  const [another] = serving(fn, 1);
  expect(another?.ranks).toEqual(['last']);
});

test('of a function that alone is called only the one that uses most counts, until another is called', () => {
  const many = serving({}, 4);
  fair.serve(sleeper, {});
  const compute = (ms: number, share: number, sleeperMs: number) => {
    for (let at = 0; at < ms; at += 50) {
      sleeper.used += sleeperMs;
      for (const one of many) one.used += 50 * share;
      hog.used = many.reduce((sum, one) => sum + one.used, 0);
      clock.advance(50);
    }
  };
  compute(1500, 0, 0);
  compute(3000, 0.2, 0);
  expect(many.map(({ ranks }) => ranks)).toEqual(many.map(() => ['light']));
  compute(100, 0.2, 1);
  expect(many.map(({ ranks }) => ranks)).toEqual(many.map(() => ['light', 'last']));
  compute(1500, 0.2, 0);
  expect(many.map(({ ranks }) => ranks)).toEqual(many.map(() => ['light', 'last', 'light']));
});

test('who serves a function that takes little stands as the others of it from the start', () => {
  const fn = {};
  fair.serve(hog, fn);
  run(1500, 0);
  const next = new FakeUser();
  fair.add(next);
  expect(next.ranks).toEqual([]);
  fair.serve(next, fn);
  expect(next.ranks).toEqual(['light']);
});

test.each([
  ['no processor is idle', () => 0, ['last']],
  ['some are', () => clock.nowMs(), []],
  ['nobody knows', () => undefined, []],
])('a share that is small goes last when %s', (_when, idle, ranks) => {
  idleMs = idle;
  run(3000, 0.15);
  expect(hog.ranks.filter((rank) => rank === 'last')).toEqual(ranks);
});

test('where none is to come before others none does, however little it takes', () => {
  fair = new FairCpu(clock, use, { anyLight: false, processors: 2, idleMs: () => idleMs() });
  const [late, idle] = [new FakeUser(), new FakeUser()];
  fair.add(late);
  fair.add(idle);
  run(5000, 0);
  for (let at = 0; at < 500; at += 50) {
    hog.used += 50;
    late.used += 50;
    clock.advance(50);
  }
  expect(late.ranks).toEqual(['last']);
  expect(idle.ranks).toEqual([]);
});

test('where none comes before others nothing is saved up, and what many want costs as much as ever', () => {
  fair = new FairCpu(clock, use, { anyLight: false, processors: 2, idleMs: () => 0 });
  const late = new FakeUser();
  fair.add(late);
  run(3000, 0);
  hog.used += 50;
  late.used += 50;
  clock.advance(50);
  expect(late.ranks).toEqual(['last']);
});

test('who goes last leaves a processor to others for as long as these use most of one', () => {
  run(2000, 1, 0.3);
  expect(hog.left).toEqual([]);
  run(2000, 1, 0.9);
  expect(hog.left).toEqual([1]);
  run(2000, 1, 0.1);
  expect(hog.left).toEqual([1, 0]);
  expect(sleeper.left).toEqual([]);
});

test('who goes last no more may use all processors again', () => {
  run(2000, 1, 0.9);
  run(5000, 0, 0.9);
  expect(hog.ranks).toContain('usual');
  expect(hog.left).toEqual([1, 0]);
});

test('functions that are looked at elsewhere are not who processors are left to', () => {
  expect(leftWhen(() => functionsMs() + othersMs)).toEqual([]);
});

test('while nobody knows what functions use, nothing is left', () => {
  expect(leftWhen(() => undefined)).toEqual([]);
});

/** What a hog leaves to others, where it is told so of functions. */
function leftWhen(functions: () => number | undefined): number[] {
  fair = new FairCpu(clock, { ...use, functionsMs: functions }, { processors: 2, idleMs: () => idleMs() });
  const another = new FakeUser();
  fair.add(another);
  for (let at = 0; at < 3000; at += 50) {
    another.used += 50;
    run(50, 1, 0.9);
  }
  expect(another.ranks).toEqual(['last']);
  return another.left;
}
