import type { JobEntry } from '../jobs/job-entry.js';
import { WireIds } from './wire-ids.js';

test('ids wrap above 32 bits, and are never 0', () => {
  const ids = new WireIds(() => (2 ** 32 - 3) / 2 ** 32);
  const entry = {} as JobEntry;
  expect([ids.take(entry), ids.take(entry), ids.take(entry)]).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 1]);
  ids.free(1);
  expect([ids.get(1), ids.get(2 ** 32 - 1), ids.size]).toEqual([undefined, entry, 2]);
});
