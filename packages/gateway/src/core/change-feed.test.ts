import type { WaitForChangeRequest, WaitForChangeResponse } from '@relais/contracts';
import { type CallContext, ManualClock, RelaisError, silentLogger } from '@relais/kit';
import { until } from '../testing/harness.js';
import { MemoryStorage } from '../testing/memory-storage.js';
import { ChangeFeed } from './change-feed.js';

interface Poll {
  request: WaitForChangeRequest;
  context: CallContext;
  answer: (response: Partial<WaitForChangeResponse>) => void;
  fail: (error: Error) => void;
}

// A storage whose polls the test answers by hand.
class PolledStorage extends MemoryStorage {
  readonly polls: Poll[] = [];

  override waitForChange(request: WaitForChangeRequest, context: CallContext): Promise<WaitForChangeResponse> {
    return new Promise((resolve, reject) => {
      const answer = (response: Partial<WaitForChangeResponse>) =>
        resolve({ revision: 0, names: [], allChanged: false, ...response });
      this.polls.push({ request, context, answer, fail: reject });
    });
  }
}

function follow() {
  const storage = new PolledStorage();
  const clock = new ManualClock();
  const said: unknown[] = [];
  const listener = {
    changed: (names: readonly string[] | undefined) => void said.push(names ?? 'all'),
    live: () => void said.push('live'),
    lost: () => void said.push('lost'),
  };
  const warned: object[] = [];
  const logger = { ...silentLogger, warn: (fields: object) => void warned.push(fields) };
  const feed = new ChangeFeed({ storage, clock, logger, waitMs: 1_000, backoffMsMax: 400 }, listener);
  feed.start();
  const poll = async (index: number): Promise<Poll> => {
    await until(() => storage.polls.length > index);
    return storage.polls[index] as Poll;
  };
  return { storage, clock, said, warned, feed, poll };
}

const away = new RelaisError('unavailable', 'Away.');

test('asks first where the feed stands, then waits for what comes after', async () => {
  const { feed, poll, said } = follow();
  (await poll(0)).answer({ revision: 7, names: ['old'] });
  (await poll(1)).answer({ revision: 9, names: ['a', 'b'] });
  const { request } = await poll(2);
  expect(storageRequests(await poll(0), await poll(1))).toEqual([
    { afterRevision: 0, waitMs: 0 },
    { afterRevision: 7, waitMs: 1_000 },
  ]);
  expect(request.afterRevision).toBe(9);
  expect(said).toEqual(['all', 'live', ['a', 'b']]);
  feed.stop();
});

const storageRequests = (...polls: Poll[]) => polls.map((poll) => poll.request);

test.each([
  ['the feed no longer reaches back', { revision: 8, allChanged: true }],
  ['storage began anew', { revision: 1, names: ['a'] }],
])('everything may have changed when %s', async (_what, answer) => {
  const { feed, poll, said } = follow();
  (await poll(0)).answer({ revision: 7 });
  (await poll(1)).answer(answer);
  await poll(2);
  expect(said).toEqual(['all', 'live', 'all']);
  feed.stop();
});

test('is lost when a poll fails, tries again with growing pauses, and is live again', async () => {
  const { clock, feed, poll, said, storage } = follow();
  (await poll(0)).answer({ revision: 7 });
  (await poll(1)).fail(away);
  await until(() => said.includes('lost'));
  for (const [index, pauseMs] of [100, 200, 400, 400].entries()) {
    await settled();
    clock.advance(pauseMs - 1);
    await settled();
    expect(storage.polls).toHaveLength(index + 2);
    clock.advance(1);
    (await poll(index + 2)).fail(away);
  }
  await settled();
  clock.advance(400);
  (await poll(6)).answer({ revision: 9 });
  await poll(7);
  expect(said).toEqual(['all', 'live', 'lost', 'all', 'live']);
  feed.stop();
});

test('is lost when storage falls silent', async () => {
  const { clock, feed, poll, said } = follow();
  (await poll(0)).answer({ revision: 7 });
  await poll(1);
  clock.advance(3_000);
  await until(() => said.includes('lost'));
  feed.stop();
});

test('a feed that answers nothing at once is not asked without pause', async () => {
  const { clock, feed, poll, storage } = follow();
  (await poll(0)).answer({ revision: 7 });
  (await poll(1)).answer({ revision: 7 });
  await settled();
  expect(storage.polls).toHaveLength(2);
  clock.advance(100);
  await poll(2);
  feed.stop();
});

test('stops with a poll under way', async () => {
  const { feed, poll, said, storage } = follow();
  const { context, fail } = await poll(0);
  feed.stop();
  expect(context.signal?.aborted).toBe(true);
  fail(away);
  await settled();
  expect(storage.polls).toHaveLength(1);
  expect(said).toEqual([]);
});

// Lets everything run that waits for nothing but its turn.
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('a feed that breaks is logged with its cause, which callers are not told', async () => {
  const { feed, poll, warned } = follow();
  const error = new RelaisError('unavailable', 'Away.', { cause: new Error('storage at 10.0.0.1:1: refused') });
  (await poll(0)).answer({ revision: 7 });
  (await poll(1)).fail(error);
  await until(() => warned.length === 1);
  expect(warned).toEqual([{ error }]);
  feed.stop();
});
