import { KeyRecord } from '@relais/contracts';
import { ManualClock, RelaisError } from '@relais/kit';
import { ControlCalls } from '../core/control-calls.js';
import { DeadlineGuard } from '../core/deadline-guard.js';
import { until } from '../testing/harness.js';
import { MemoryStorage } from '../testing/memory-storage.js';
import { KnownKeys } from './known-keys.js';

const caller = { traceparent: '' };
const record = (id: string) => KeyRecord.create({ id, sha256: Buffer.alloc(32), scopes: ['invoke'], ratePerS: 1 });

function setUp() {
  const clock = new ManualClock();
  const storage = new MemoryStorage();
  for (const id of ['a', 'b']) storage.keys.set(id, record(id));
  const known = new KnownKeys({ storage, calls: new ControlCalls(new DeadlineGuard(clock), 1_000), clock });
  return { storage, known };
}

/** Set up, and past the moment from which keys are in memory. */
async function setUpLive() {
  const all = setUp();
  all.known.live();
  await until(() => !(all.known.find('a', caller) instanceof Promise));
  all.storage.keyReads = 0;
  return all;
}

test('before the feed vouches for anything, every key is asked of storage', async () => {
  const { storage, known } = setUp();
  for (let times = 0; times < 2; times++) expect((await known.find('a', caller))?.record.id).toBe('a');
  expect(await known.find('nobody', caller)).toBeUndefined();
  expect([storage.keyReads, storage.keyLists]).toEqual([3, 0]);
});

test('once it does, no key costs a question, those that are none neither', async () => {
  const { storage, known } = await setUpLive();
  expect(known.find('a', caller)).toMatchObject({ record: { id: 'a' } });
  expect(known.find('nobody', caller)).toBeUndefined();
  known.changed(['some-function']);
  expect(known.find('b', caller)).toMatchObject({ record: { id: 'b' } });
  expect([storage.keyReads, storage.keyLists]).toEqual([0, 1]);
});

test('from the moment a change is told, a key that is gone opens nothing', async () => {
  const { storage, known } = await setUpLive();
  storage.keys.delete('a');
  known.changed(['key/a']);
  expect(await known.find('a', caller)).toBeUndefined();
  await until(() => !(known.find('b', caller) instanceof Promise));
  expect(known.find('a', caller)).toBeUndefined();
});

test('while the feed is lost, storage is asked, and when it is away too the answer is that it is', async () => {
  const { storage, known } = await setUpLive();
  known.lost();
  expect((await known.find('a', caller))?.record.id).toBe('a');
  storage.broken = new RelaisError('unavailable', 'Away.');
  await expect(known.find('a', caller)).rejects.toMatchObject({ code: 'unavailable' });
});

test('a limit does not begin anew because the list did', async () => {
  const { known } = await setUpLive();
  const usage = () => (known.find('a', caller) as Exclude<ReturnType<typeof known.find>, Promise<unknown>>)?.usage;
  const before = usage();
  known.changed(undefined);
  await until(() => !(known.find('a', caller) instanceof Promise));
  expect(usage()).toBe(before);
});
