import type { JobEntry } from '../jobs/job-entry.js';
import { WireIds } from './wire-ids.js';

test('ids wrap above 32 bits, and are never 0', () => {
  const ids = new WireIds(() => (2 ** 32 - 3) / 2 ** 32);
  const entry = {} as JobEntry;
  expect([ids.take(entry), ids.take(entry), ids.take(entry)]).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 1]);
  ids.free(1);
  expect([ids.get(1), ids.get(2 ** 32 - 1), ids.size]).toEqual([undefined, entry, 2]);
});

test('an id is found until it is free, however many are taken and freed around it', () => {
  const ids = new WireIds(() => 0.999_999_999);
  const held = new Map<number, JobEntry>();
  for (let step = 0; step < 20_000; step++) {
    const entry = {} as JobEntry;
    const id = ids.take(entry);
    expect([id > 0, held.has(id)]).toEqual([true, false]);
    held.set(id, entry);
    // Some stay for long, so that their places come round again.
    const [oldest] = held.keys();
    if (step % 3 > 0 && oldest !== undefined) {
      const freed = step % 2 === 0 ? oldest : id;
      ids.free(freed);
      held.delete(freed);
    }
  }
  expect(ids.size).toBe(held.size);
  for (const [id, entry] of held) expect(ids.get(id)).toBe(entry);
});
