import { ManualClock } from '@relais/kit';
import { type CpuUser, FairCpu } from './fair-cpu.js';

class Fake implements CpuUser {
  used = 0;
  asked = 0;
  yields: boolean[] = [];

  usedMs(): number {
    this.asked++;
    return this.used;
  }

  yield(yields: boolean): void {
    this.yields.push(yields);
  }
}

let clock: ManualClock;
let hog: Fake;
let sleeper: Fake;
let fair: FairCpu;

beforeEach(() => {
  clock = new ManualClock();
  hog = new Fake();
  sleeper = new Fake();
  fair = new FairCpu(clock, () => hog.used + sleeper.used, 2);
  fair.add(hog);
  fair.add(sleeper);
});

function run(ms: number, hogShare: number): void {
  for (let at = 0; at < ms; at += 50) {
    hog.used += 50 * hogShare;
    sleeper.used += 1;
    clock.advance(50);
  }
}

test('who uses much is told once to yield, and once no more to; nobody else is', () => {
  run(2000, 1);
  expect(hog.yields).toEqual([true]);
  run(5000, 0);
  expect(hog.yields).toEqual([true, false]);
  expect(sleeper.yields).toEqual([]);
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
  expect(hog.yields).toEqual([]);
  fair.remove(sleeper);
  const { asked } = sleeper;
  run(2000, 1);
  expect(sleeper.asked).toBe(asked);
});

test('of many that share the processors all yield, though none gets much; one that uses little does not', () => {
  const many = Array.from({ length: 10 }, () => new Fake());
  for (const one of many) fair.add(one);
  for (let at = 0; at < 1000; at += 50) {
    sleeper.used += 1;
    for (const one of many) one.used += 50 * 0.15;
    hog.used = many.reduce((sum, one) => sum + one.used, 0);
    clock.advance(50);
  }
  expect(many.map(({ yields }) => yields)).toEqual(many.map(() => [true]));
  expect(sleeper.yields).toEqual([]);
});
