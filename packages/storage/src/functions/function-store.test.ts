import { context, deploy, redeploy } from '../testing/requests.js';
import { failure, startStore } from '../testing/store-under-test.js';

type Started = Awaited<ReturnType<typeof startStore>>;
const second = 1_700_000_000;
let started: Started;

beforeEach(async () => {
  started = await startStore();
});

const create = (...requests: ReturnType<typeof deploy>[]) => started.create(...requests);
const remove = (name: string) => started.remove(name);

describe('resolving', () => {
  test('tells names with digits from ids', async () => {
    await create(deploy('hello'), deploy('hello_12'));
    expect(await started.resolve('hello_12')).toMatchObject({ name: 'hello_12' });
    expect(await started.resolve(`hello_${second}`)).toMatchObject({ name: 'hello' });
    expect(await started.resolve(`hello_12_${second}`)).toMatchObject({ name: 'hello_12' });
    await expect(started.resolve('hello@12')).rejects.toEqual(failure('not_found', 'version_not_found'));
  });

  test('finds older versions by number and by id, again and after a restart', async () => {
    const [first, latest] = await create(redeploy('hello', '1'), redeploy('hello', '2'));
    for (let round = 0; round < 3; round++) {
      expect(await started.resolve('hello@1')).toEqual(first);
      expect(await started.resolve(first?.id ?? '')).toEqual(first);
      expect((await started.store.getVersion({ id: first?.id ?? '' }, context)).version).toEqual(first);
      expect(await started.resolve('hello')).toEqual(latest);
      started = await started.restart();
    }
  });

  test('answers what is current, and what was asked for before, without the backend', async () => {
    const [first, latest] = await create(redeploy('hello', '1'), redeploy('hello', '2'));
    await started.resolve('hello@1');
    await started.backend.stop(0);
    expect(await started.resolve('hello')).toEqual(latest);
    expect(await started.resolve('hello@2')).toEqual(latest);
    expect(await started.resolve(latest?.id ?? '')).toEqual(latest);
    expect(await started.resolve('hello@1')).toEqual(first);
    await expect(started.resolve(first?.id ?? '')).rejects.toEqual(failure('unavailable', 'storage_closed'));
  });

  test.each([
    ['nobody', 'not_found', 'function_not_found'],
    ['nobody@1', 'not_found', 'version_not_found'],
    ['nobody_1728435600', 'not_found', 'version_not_found'],
    ['hello:prod', 'invalid_argument', 'alias_unsupported'],
    ['a b', 'invalid_argument', 'invalid_reference'],
  ])('%s fails with %s reason %s', async (reference, code, reason) => {
    await expect(started.resolve(reference)).rejects.toEqual(failure(code, reason));
  });

  test('a version by anything but its id is refused', async () => {
    await create(deploy('hello'));
    const byName = started.store.getVersion({ id: 'hello' }, context);
    await expect(byName).rejects.toEqual(failure('invalid_argument', 'invalid_reference'));
  });
});

describe('listing', () => {
  const list = async (pageSize: number, afterName = '') => {
    const { versions, more } = await started.store.listFunctions({ pageSize, afterName }, context);
    return { names: versions.map(({ name }) => name), more };
  };

  test('pages through current versions by name', async () => {
    expect(await list(10)).toEqual({ names: [], more: false });
    await create(...['c', 'a-b', 'a', 'B', 'a'].map((name) => redeploy(name)));
    await create(deploy('gone'));
    await remove('gone');
    expect(await list(2)).toEqual({ names: ['B', 'a'], more: true });
    expect(await list(2, 'a')).toEqual({ names: ['a-b', 'c'], more: false });
    expect(await list(2, 'a-a')).toEqual({ names: ['a-b', 'c'], more: false });
    expect(await list(1, 'zzz')).toEqual({ names: [], more: false });
    started = await started.restart();
    expect(await list(1000)).toEqual({ names: ['B', 'a', 'a-b', 'c'], more: false });
  });

  test.each([0, 1001])('refuses pages of %d', async (pageSize) => {
    await expect(list(pageSize)).rejects.toEqual(failure('invalid_argument', 'out_of_bounds'));
  });
});

test('a blob is asked for by a digest', async () => {
  await expect(started.blob('abc')).rejects.toEqual(failure('invalid_argument', 'invalid_digest'));
  await expect(started.blob('0'.repeat(64))).rejects.toEqual(failure('not_found', 'blob_not_found'));
});

test('watchers hear of deploys and deletes once they can be read', async () => {
  const wait = (afterRevision: number) => started.store.waitForChange({ afterRevision, waitMs: 60_000 }, context);
  const { revision } = await wait(0);
  const deployed = wait(revision);
  await create(deploy('hello'));
  expect(await deployed).toEqual({ revision: revision + 1, names: ['hello'], allChanged: false });
  expect(await started.resolve('hello')).toMatchObject({ version: 1 });
  const deleted = wait(revision + 1);
  await remove('hello');
  expect(await deleted).toEqual({ revision: revision + 2, names: ['hello'], allChanged: false });
  const stopped = wait(revision + 2);
  await started.store.stop(0);
  expect(await stopped).toMatchObject({ names: [], allChanged: false });
});

test('is closed before start and after stop, and stops twice', async () => {
  await started.store.stop(0);
  await started.store.stop(0);
  await expect(started.resolve('hello')).rejects.toEqual(failure('unavailable', 'storage_closed'));
  await expect(create(deploy('hello'))).rejects.toEqual(failure('unavailable', 'storage_closed'));
});
