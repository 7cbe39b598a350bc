import { ManualClock, RelaisError, silentLogger } from '@relais/kit';
import type { Backend, Write } from '../backends/backend.js';
import { MemoryBackend } from '../backends/memory/memory-backend.js';
import { storageError } from '../errors.js';
import { GroupCommit, type Mutation } from './group-commit.js';

/** Memory whose writes wait for `release`, and that tells what was in each batch. */
class SlowBackend extends MemoryBackend {
  readonly batches: string[] = [];
  #waiting: (() => void)[] = [];

  override async write(...[writes, durability]: Parameters<Backend['write']>): Promise<void> {
    this.batches.push(`${durability}: ${writes.map(({ key }) => key).join(' ')}`);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await super.write(writes, durability);
  }

  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

let backend: SlowBackend;
let clock: ManualClock;
let applied: string[];
let told: string[];

beforeEach(async () => {
  backend = new SlowBackend();
  await backend.start();
  clock = new ManualClock();
  applied = [];
  told = [];
});

const logger = {
  ...silentLogger,
  error: (_fields: object, message: string) => void told.push(message),
  warn: (_fields: object, message: string) => void told.push(message),
};
const bounds = { queueLengthMax: 10, queueBytesMax: 100, batchBytesMax: 30 };
const commits = () =>
  new GroupCommit<string[]>({ backend, clock, logger, newStage: () => [], reload: async () => {}, ...bounds });
const put = (key: string): Write => ({ op: 'put', key, value: Buffer.from(key) });

function mutation(
  key: string,
  more: { bytes?: number; alone?: boolean; refuse?: boolean } = {},
): Mutation<string[], string> {
  return {
    bytes: more.bytes ?? 1,
    alone: more.alone ?? false,
    async plan(stage) {
      stage.push(key);
      const seen = stage.join('');
      if (more.refuse) throw storageError('already_exists', 'name_taken', key);
      return { writes: [put(key)], apply: () => `${applied.push(key)}:${seen}` };
    },
  };
}

/** Turns the loop until a condition holds, releasing no write. */
async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('the condition never came');
    await new Promise(setImmediate);
  }
}

async function finish(pending: Promise<unknown>[]): Promise<unknown[]> {
  let settled = false;
  const all = Promise.all(pending).finally(() => {
    settled = true;
  });
  all.catch(() => {});
  await until(() => {
    backend.release();
    return settled;
  });
  return all;
}

const reasonOf = (pending: Promise<unknown>) =>
  pending.then(
    () => 'none',
    (error) => RelaisError.from(error).fields.reason,
  );

test('changes that arrive while a write is under way share the next one, in order, on one stage', async () => {
  const group = commits();
  const first = group.commit(mutation('a'));
  await until(() => backend.batches.length === 1);
  const rest = ['b', 'c', 'd'].map((key) => group.commit(mutation(key)));
  const results = await finish([first, ...rest]);
  expect(backend.batches).toEqual(['synced: a', 'synced: b c d']);
  expect(results).toEqual(['1:a', '2:b', '3:bc', '4:bcd']);
});

test('nothing is visible or answered before the write', async () => {
  const group = commits();
  let answered = false;
  const pending = group.commit(mutation('a')).then(() => {
    answered = true;
  });
  await until(() => backend.batches.length === 1);
  await new Promise(setImmediate);
  expect(applied).toEqual([]);
  expect(answered).toBe(false);
  await finish([pending]);
  expect(applied).toEqual(['a']);
});

test('one that must be alone has everything before it on disk and nothing with it', async () => {
  const group = commits();
  await finish([
    group.commit(mutation('a')),
    group.commit(mutation('b', { alone: true })),
    group.commit(mutation('c')),
    group.commit(mutation('d')),
  ]);
  expect(backend.batches).toEqual(['synced: a', 'synced: b', 'synced: c d']);
});

test('a batch takes no further change once it has its bytes', async () => {
  const group = commits();
  await finish([20, 20, 20, 90].map((bytes, at) => group.commit(mutation(String(at), { bytes })).catch(() => '')));
  expect(backend.batches).toEqual(['synced: 0 1', 'synced: 2']);
});

test('a refusal touches nobody else', async () => {
  const group = commits();
  const refused = reasonOf(group.commit(mutation('a', { refuse: true })));
  await finish([group.commit(mutation('b')), refused]);
  expect(await refused).toBe('name_taken');
  expect(backend.batches).toEqual(['synced: b']);
});

test('refuses what would exceed the queue by count or by bytes, and takes again when there is room', async () => {
  const group = commits();
  const many = Array.from({ length: bounds.queueLengthMax }, (_, at) => group.commit(mutation(String(at))));
  expect(await reasonOf(group.commit(mutation('x')))).toBe('storage_queue_full');
  await finish(many);
  const large = [group.commit(mutation('large', { bytes: 1000 }))];
  expect(await reasonOf(group.commit(mutation('y')))).toBe('storage_queue_full');
  await finish(large);
  await finish([group.commit(mutation('z'))]);
  expect(applied).toEqual([...'0123456789', 'large', 'z']);
});

test('stop writes what waits and refuses what is new', async () => {
  const group = commits();
  const pending = [group.commit(mutation('a')), group.commit(mutation('b', { alone: true }))];
  const stopped = group.stop(1000);
  expect(await reasonOf(group.commit(mutation('c')))).toBe('storage_stopping');
  await finish([...pending, stopped]);
  expect(applied).toEqual(['a', 'b']);
});

test('stop gives up after its grace: what has begun may still land, what has not is refused', async () => {
  const group = commits();
  const begun = group.commit(mutation('a'));
  await until(() => backend.batches.length === 1);
  const waiting = reasonOf(group.commit(mutation('b')));
  const stopped = group.stop(1000);
  clock.advance(1000);
  await stopped;
  expect(await waiting).toBe('storage_stopping');
  await finish([begun]);
  expect(applied).toEqual(['a']);
});

test('writing that begins to fail is told once, and so is its end', async () => {
  const group = commits();
  const ended = group.commit(mutation('a')).catch(() => 'failed');
  await until(() => backend.batches.length === 1);
  const write = backend.write;
  backend.write = () => Promise.reject(new Error('no space'));
  backend.release();
  await ended;
  expect(group.writable).toBe(true);
  const failed = [await group.commit(mutation('b')).catch(() => 'failed')];
  backend.recover = () => Promise.reject(new Error('still none'));
  failed.push(await group.commit(mutation('c')).catch(() => 'failed'));
  expect(group.writable).toBe(false);
  expect([failed, told]).toEqual([['failed', 'failed'], ['Storage cannot write: changes are refused.']]);
  backend.write = write;
  backend.recover = async () => {};
  const last = group.commit(mutation('d'));
  await until(() => backend.batches.length === 2);
  backend.release();
  await last;
  expect(group.writable).toBe(true);
  expect(told).toEqual(['Storage cannot write: changes are refused.', 'Storage writes again.']);
});
