import { ManualClock } from '@relais/kit';
import type { CpuDebt } from '../sandbox/groups/cpu/cpu-debt.js';
import { GuestDebts } from './guest-debts.js';

class Process {
  cpuDebt: CpuDebt | undefined;
  end: () => void = () => {};
  readonly gone = new Promise<void>((resolve) => {
    this.end = resolve;
  });
}

const startsForFree: CpuDebt = { owedMs: -250, yields: false };

test('the next process of a function owes what the last one did, until that is slept off', async () => {
  const clock = new ManualClock();
  const debts = new GuestDebts(clock);
  const [fn, other] = [{}, {}];
  const first = new Process();
  debts.take(first, fn);
  first.cpuDebt = { owedMs: 400, yields: true };
  first.end();
  await first.gone;
  clock.advance(1000);
  const [second, neighbour] = [new Process(), new Process()];
  debts.take(second, fn);
  debts.take(neighbour, other);
  expect(second.cpuDebt).toEqual({ owedMs: 150, yields: true });
  expect(neighbour.cpuDebt).toEqual(startsForFree);
  clock.advance(3000);
  const third = new Process();
  debts.take(third, fn);
  expect(third.cpuDebt).toEqual(startsForFree);
});

test('a process may use so much to start and to load its function, and owes nothing when it has', () => {
  const debts = new GuestDebts(new ManualClock());
  const guest = new Process();
  debts.take(guest, {});
  guest.cpuDebt = { owedMs: -70, yields: false };
  debts.loaded(guest);
  expect(guest.cpuDebt).toEqual({ owedMs: 0, yields: false });
  guest.cpuDebt = { owedMs: 150, yields: true };
  debts.loaded(guest);
  expect(guest.cpuDebt).toEqual({ owedMs: 150, yields: true });
});

test('where one process of a function takes little, the next is expected to; where it takes much no longer', () => {
  const debts = new GuestDebts(new ManualClock());
  const fn = {};
  const [first, second, third, fourth] = [new Process(), new Process(), new Process(), new Process()];
  debts.take(first, fn);
  debts.take(second, fn);
  expect(second.cpuDebt).toEqual(startsForFree);
  second.cpuDebt = { owedMs: -40, yields: false, isLight: true };
  debts.take(third, fn);
  expect(third.cpuDebt).toEqual({ ...startsForFree, isLight: true });
  debts.loaded(third);
  expect(third.cpuDebt).toEqual({ owedMs: 0, yields: false, isLight: true });
  second.cpuDebt = { owedMs: 150, yields: true };
  debts.take(fourth, fn);
  expect(fourth.cpuDebt).toEqual(startsForFree);
});

test('who starts again and again only to end pays for the starts', async () => {
  const clock = new ManualClock();
  const debts = new GuestDebts(clock);
  const [crashing, unable, serving] = [{}, {}, {}];
  const processes = [new Process(), new Process(), new Process()];
  const [crash, inStart, long] = processes as [Process, Process, Process];
  debts.take(crash, crashing);
  debts.take(inStart, unable);
  debts.take(long, serving);
  for (const process of processes) process.cpuDebt = { owedMs: -150, yields: false };
  debts.loaded(crash);
  debts.loaded(long);
  clock.advance(400);
  long.end();
  await long.gone;
  const again = new Process();
  debts.take(again, serving);
  expect(again.cpuDebt).toEqual(startsForFree);
  crash.end();
  inStart.end();
  await Promise.all([crash.gone, inStart.gone]);
  const next = [crashing, unable].map((fn) => {
    const process = new Process();
    debts.take(process, fn);
    return process.cpuDebt;
  });
  expect(next).toEqual([startsForFree, { owedMs: 100, yields: true }]);
});
