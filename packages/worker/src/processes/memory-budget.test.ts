import { ManualClock } from '@relais/kit';
import { type IdleInstances, MemoryBudget } from './memory-budget.js';
import { treeMemoryBytes } from './process-memory.js';
import { threadWithChild } from './testing/thread-child.js';

/** Instances of 100 bytes each, idle since the times given, beside what is busy. */
class Pool implements IdleInstances {
  busyBytes = 0;
  measured = 0;
  measuring = async () => {};
  readonly evicted: number[] = [];
  readonly idleSinceMs: number[];

  constructor(idleSinceMs: number[]) {
    this.idleSinceMs = idleSinceMs;
  }

  get oldestIdleMs(): number | undefined {
    return this.idleSinceMs[0];
  }

  async memoryBytes(): Promise<number> {
    this.measured += 1;
    await this.measuring();
    return this.busyBytes + 100 * this.idleSinceMs.length;
  }

  async evictOldest(): Promise<void> {
    const [oldest] = this.idleSinceMs.splice(0, 1);
    if (oldest !== undefined) this.evicted.push(oldest);
  }
}

async function look(clock: ManualClock): Promise<void> {
  clock.advance(1000);
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

test('beyond the budget the instances idle for longest are ended, whatever their language, until it is kept', async () => {
  const clock = new ManualClock();
  const [js, python] = [new Pool([1, 5, 6]), new Pool([2, 3, 9])];
  js.busyBytes = 50;
  const budget = new MemoryBudget({ bytesMax: 350, clock });
  budget.join(js);
  budget.join(python);
  await look(clock);
  expect([js.evicted, python.evicted]).toEqual([[1], [2, 3]]);
  await look(clock);
  expect([js.idleSinceMs, python.idleSinceMs]).toEqual([[5, 6], [9]]);
});

test('what served a call just now is left alone, whatever others hold', async () => {
  const clock = new ManualClock();
  const pool = new Pool([1, 600]);
  const budget = new MemoryBudget({ bytesMax: 1, clock });
  budget.join(pool);
  await look(clock);
  expect(pool.evicted).toEqual([1]);
  await look(clock);
  expect(pool.evicted).toEqual([1, 600]);
});

test('nothing is measured while nothing is idle, and what runs is left alone', async () => {
  const clock = new ManualClock();
  const pool = new Pool([]);
  const budget = new MemoryBudget({ bytesMax: 1, clock });
  budget.join(pool);
  await look(clock);
  expect(pool.measured).toBe(0);
  pool.idleSinceMs.push(4);
  await look(clock);
  expect([pool.measured, pool.evicted]).toEqual([2, [4]]);
  budget.leave(pool);
  pool.idleSinceMs.push(7);
  await look(clock);
  expect(pool.idleSinceMs).toEqual([7]);
});

test('measuring that takes long rests for long: it has no more than a twentieth of the time', async () => {
  const clock = new ManualClock();
  const pool = new Pool([1, 2, 3]);
  pool.measuring = async () => {
    await Promise.resolve();
    clock.advance(200);
  };
  const budget = new MemoryBudget({ bytesMax: 150, clock });
  budget.join(pool);
  await look(clock);
  expect([pool.measured, pool.evicted]).toEqual([1, [1]]);
  for (let second = 0; second < 3; second += 1) await look(clock);
  expect(pool.measured).toBe(1);
  await look(clock);
  expect([pool.measured, pool.evicted]).toEqual([2, [1, 2]]);
});

test('a process that does not exist holds nothing', async () => {
  expect(await treeMemoryBytes(2 ** 22 + 1)).toBe(0);
  expect(await treeMemoryBytes(process.pid)).toBeGreaterThan(2 ** 20);
});

test('what a thread has started is counted', async () => {
  const { pid, end } = await threadWithChild(300 * 2 ** 20);
  try {
    expect(await treeMemoryBytes(pid)).toBeGreaterThan(300 * 2 ** 20);
  } finally {
    end();
  }
});
