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

test('the next process of a function owes what the last one did, until that is slept off', async () => {
  const clock = new ManualClock();
  const debts = new GuestDebts(clock);
  const [fn, other] = [{}, {}];
  const first = new Process();
  debts.take(first, fn);
  expect(first.cpuDebt).toEqual({ owedMs: 0, yields: false });
  first.cpuDebt = { owedMs: 400, yields: true };
  first.end();
  await first.gone;
  clock.advance(1000);
  const [second, neighbour] = [new Process(), new Process()];
  debts.take(second, fn);
  debts.take(neighbour, other);
  expect(second.cpuDebt).toEqual({ owedMs: 150, yields: true });
  expect(neighbour.cpuDebt).toEqual({ owedMs: 0, yields: false });
  clock.advance(3000);
  const third = new Process();
  debts.take(third, fn);
  expect(third.cpuDebt).toEqual({ owedMs: 0, yields: false });
});

test('what it takes to start is forgiven, what its function had used before is not', () => {
  const debts = new GuestDebts(new ManualClock());
  const [fn, guest] = [{}, new Process()];
  debts.take(guest, fn);
  guest.cpuDebt = { owedMs: 180, yields: true };
  debts.loaded(guest, fn);
  expect(guest.cpuDebt).toEqual({ owedMs: 0, yields: false });
  guest.cpuDebt = { owedMs: 400, yields: true };
  debts.loaded(guest, fn);
  expect(guest.cpuDebt).toEqual({ owedMs: 150, yields: true });
});
