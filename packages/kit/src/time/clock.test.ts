import { systemClock } from './clock.js';

test('monotonic time never goes back and is the host-wide one', () => {
  const before = Number(process.hrtime.bigint()) / 1e6;
  const reads = Array.from({ length: 1000 }, () => systemClock.nowMs());
  const after = Number(process.hrtime.bigint()) / 1e6;
  expect(reads.filter((ms, index) => ms < (reads[index - 1] ?? 0))).toEqual([]);
  // The two are read through different calls; a millisecond is far more than they differ by.
  expect(reads[0]).toBeGreaterThan(before - 1);
  expect(reads.at(-1)).toBeLessThan(after + 1);
});

test('wall time is whole milliseconds of now', () => {
  const before = Date.now();
  const wallMs = systemClock.wallMs();
  expect([Number.isInteger(wallMs), wallMs >= before, wallMs <= Date.now()]).toEqual([true, true, true]);
});

test('after calls back once, and not when it was cancelled', async () => {
  const fired: string[] = [];
  const cancel = systemClock.after(0, () => fired.push('cancelled'));
  cancel();
  // A timer of ours does not keep the process alive; this one does until ours have fired.
  const alive = setInterval(() => {}, 1000);
  await new Promise<void>((resolve) => systemClock.after(1, resolve));
  clearInterval(alive);
  expect(fired).toEqual([]);
});

test('every calls back until it is told to stop', async () => {
  const alive = setInterval(() => {}, 1000);
  const count = await new Promise<number>((resolve) => {
    let ticks = 0;
    const stop = systemClock.every(1, () => {
      ticks++;
      if (ticks < 3) return;
      stop();
      systemClock.after(5, () => resolve(ticks));
    });
  });
  clearInterval(alive);
  expect(count).toBe(3);
});
