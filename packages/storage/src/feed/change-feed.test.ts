import { ManualClock } from '@relais/kit';
import { ChangeFeed } from './change-feed.js';

const patient = { budgetMs: 100_000 };
let clock: ManualClock;
let feed: ChangeFeed;

beforeEach(() => {
  clock = new ManualClock();
  feed = new ChangeFeed({ clock, changesKept: 4, watchersMax: 2 });
});

const poll = (afterRevision: number, waitMs = 30_000, context: Parameters<ChangeFeed['wait']>[1] = patient) =>
  feed.wait({ afterRevision, waitMs }, context);
const begin = async () => (await poll(0)).revision;
const failed = (code: string, reason: string) =>
  expect.objectContaining({ code, fields: expect.objectContaining({ reason }) });

test('tells a new watcher at once that everything may have changed', async () => {
  expect(await poll(0)).toEqual({ revision: expect.any(Number), names: [], allChanged: true });
});

test('tells what changed since, each name once, in the order of its first change', async () => {
  const revision = await begin();
  feed.publish(['b', 'a']);
  feed.publish(['b']);
  expect(await poll(revision)).toEqual({ revision: revision + 3, names: ['b', 'a'], allChanged: false });
  expect(await poll(revision + 1)).toEqual({ revision: revision + 3, names: ['a', 'b'], allChanged: false });
});

test('tells a watcher further behind than is kept that everything may have changed', async () => {
  const revision = await begin();
  feed.publish(['a', 'b', 'c', 'd']);
  expect(await poll(revision)).toMatchObject({ names: ['a', 'b', 'c', 'd'], allChanged: false });
  feed.publish(['e']);
  expect(await poll(revision)).toMatchObject({ names: [], allChanged: true });
  expect(await poll(revision + 1)).toMatchObject({ names: ['b', 'c', 'd', 'e'], allChanged: false });
});

test('tells a watcher of another process, before or after, that everything may have changed', async () => {
  const revision = await begin();
  expect(await poll(revision - 1)).toMatchObject({ revision, allChanged: true });
  expect(await poll(revision + 1)).toMatchObject({ revision, allChanged: true });
  const restarted = new ChangeFeed({ clock, changesKept: 4, watchersMax: 2 });
  const answer = await restarted.wait({ afterRevision: revision, waitMs: 0 }, patient);
  expect(answer.allChanged).toBe(true);
  expect(answer.revision).not.toBe(revision);
});

test('after a reset tells everyone that everything may have changed', async () => {
  const revision = await begin();
  const waiting = poll(revision);
  feed.reset();
  expect(await waiting).toEqual({ revision: revision + 1, names: [], allChanged: true });
});

test('answers every waiting poll on the next change', async () => {
  const revision = await begin();
  const waiting = [poll(revision), poll(revision)];
  feed.publish(['a']);
  const answer = { revision: revision + 1, names: ['a'], allChanged: false };
  expect(await Promise.all(waiting)).toEqual([answer, answer]);
});

test('answers with nothing after the wait, or when the budget of the caller ends first', async () => {
  const revision = await begin();
  const nothing = { revision, names: [], allChanged: false };
  let answered = 0;
  const waiting = [poll(revision, 1000), poll(revision, 60_000, { budgetMs: 2000 })].map(async (answer) => {
    expect(await answer).toEqual(nothing);
    answered += 1;
  });
  clock.advance(999);
  await new Promise(setImmediate);
  expect(answered).toBe(0);
  clock.advance(1);
  await waiting[0];
  expect(answered).toBe(1);
  clock.advance(1000);
  await Promise.all(waiting);
  expect(await poll(revision, 0)).toEqual(nothing);
});

test('rejects with cancelled when the caller goes, before or while it waits, and frees its place', async () => {
  const revision = await begin();
  const gone = failed('cancelled', 'caller_gone');
  await expect(poll(revision, 1000, { ...patient, signal: AbortSignal.abort() })).rejects.toEqual(gone);
  for (let round = 0; round < 3; round++) {
    const caller = new AbortController();
    const waiting = [
      poll(revision, 1000, { ...patient, signal: caller.signal }),
      poll(revision, 1000, { ...patient, signal: caller.signal }),
    ];
    caller.abort();
    for (const poll of waiting) await expect(poll).rejects.toEqual(gone);
  }
});

test('refuses more waiting polls than the bound, not those it can answer at once', async () => {
  const revision = await begin();
  const waiting = [poll(revision), poll(revision)];
  await expect(poll(revision)).rejects.toEqual(failed('resource_exhausted', 'watchers_limit'));
  expect(await poll(0)).toMatchObject({ allChanged: true });
  feed.publish(['a']);
  await Promise.all(waiting);
  const again = poll(revision + 1);
  feed.publish(['b']);
  expect(await again).toMatchObject({ names: ['b'] });
});

test('refuses a longer wait than the bound', async () => {
  await expect(poll(0, 60_001)).rejects.toEqual(failed('invalid_argument', 'out_of_bounds'));
});

test('answers all waiting polls at once when it stops and refuses later ones', async () => {
  const revision = await begin();
  const waiting = [poll(revision), poll(revision)];
  feed.stop();
  const nothing = { revision, names: [], allChanged: false };
  expect(await Promise.all(waiting)).toEqual([nothing, nothing]);
  await expect(poll(revision)).rejects.toEqual(failed('unavailable', 'storage_stopping'));
});
