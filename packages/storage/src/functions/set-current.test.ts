import { context, deploy, redeploy } from '../testing/requests.js';
import { failure, startStore } from '../testing/store-under-test.js';

type Started = Awaited<ReturnType<typeof startStore>>;
let started: Started;

beforeEach(async () => {
  started = await startStore();
  await started.create(deploy('f', 'one'));
  await started.create(redeploy('f', 'two'), redeploy('f', 'three'));
});

const set = async (version: number, name = 'f') => {
  const answer = await started.store.setCurrent({ name, version }, context);
  return [answer.version?.version, answer.previousVersion];
};
const currentOf = async (name = 'f') => (await started.resolve(name))?.version;

test('an earlier version is current again, and stays so after a restart', async () => {
  expect(await set(1)).toEqual([1, 3]);
  expect(await currentOf()).toBe(1);
  expect((await started.blob((await started.resolve('f'))?.artifactDigest ?? '')).toString()).toBe('one');
  started = await started.restart();
  expect(await currentOf()).toBe(1);
  expect((await started.store.listFunctions({ pageSize: 10, afterName: '' }, context)).versions[0]?.version).toBe(1);
});

test('without a number it is the one before, and no further than the first', async () => {
  expect(await set(0)).toEqual([2, 3]);
  expect(await set(0)).toEqual([1, 2]);
  await expect(set(0)).rejects.toEqual(failure('failed_precondition', 'no_earlier_version'));
  expect(await currentOf()).toBe(1);
});

test('the way forward is the same, and what is current already stays', async () => {
  await set(1);
  expect(await set(3)).toEqual([3, 1]);
  expect(await set(3)).toEqual([3, 3]);
  expect(await currentOf()).toBe(3);
});

test('no version is lost or used twice: the next deploy counts on from the newest', async () => {
  const before = [await started.resolve('f@1'), await started.resolve('f@2'), await started.resolve('f@3')];
  await set(1);
  started = await started.restart();
  const [fourth, fifth] = await started.create(redeploy('f', 'four'), redeploy('f', 'five'));
  expect([fourth?.version, fifth?.version, await currentOf()]).toEqual([4, 5, 5]);
  expect(new Set([...before, fourth, fifth].map((version) => version?.id)).size).toBe(5);
  expect([await started.resolve('f@1'), await started.resolve('f@2'), await started.resolve('f@3')]).toEqual(before);
});

test('the bound on versions counts all of them', async () => {
  started = await startStore({ bounds: { versionsPerFunctionMax: 2 } });
  await started.create(deploy('g', 'one'), redeploy('g', 'two'));
  await set(1, 'g');
  await expect(started.create(redeploy('g'))).rejects.toEqual(failure('resource_exhausted', 'versions_limit'));
});

test('a delete takes the newer versions too, and none of their ids comes back', async () => {
  const third = await started.resolve('f@3');
  await set(1);
  expect((await started.remove('f')).versionsDeleted).toBe(3);
  expect((await started.keys()).filter((key) => !key.startsWith('tombstone/'))).toEqual([]);
  const [anew] = await started.create(deploy('f'));
  expect(Number(anew?.id.split('_')[1])).toBeGreaterThan(Number(third?.id.split('_')[1]));
});

test('deploys and changes sent at once happen one after the other', async () => {
  await Promise.all([set(1), started.create(redeploy('f', 'four')), set(2), started.create(redeploy('f', 'five'))]);
  expect(await currentOf()).toBe(5);
});

test('the change is told by the feed', async () => {
  const { revision } = await started.store.waitForChange({ afterRevision: 0, waitMs: 0 }, context);
  await set(1);
  expect((await started.store.waitForChange({ afterRevision: revision, waitMs: 0 }, context)).names).toEqual(['f']);
});

test.each([
  ['not_found', 'function_not_found', 'g', 1],
  ['not_found', 'version_not_found', 'f', 9],
  ['invalid_argument', 'invalid_name', '../f', 1],
])('refuses with %s reason %s', async (code, reason, name, version) => {
  await expect(set(version, name)).rejects.toEqual(failure(code, reason));
  expect(await currentOf()).toBe(3);
});

describe('listing versions', () => {
  const list = async (pageSize: number, afterVersion = 0, name = 'f') => {
    const { currentVersion, more, versions } = await started.store.listVersions(
      { name, pageSize, afterVersion },
      context,
    );
    return [versions.map(({ version }) => version), more, currentVersion];
  };

  test('gives all of one name in order, page by page, and says which is current', async () => {
    await started.create(deploy('f-other'), deploy('e'));
    await set(2);
    expect(await list(10)).toEqual([[1, 2, 3], false, 2]);
    expect(await list(2)).toEqual([[1, 2], true, 2]);
    expect(await list(2, 2)).toEqual([[3], false, 2]);
    expect(await list(3)).toEqual([[1, 2, 3], false, 2]);
  });

  test('leaves out a damaged one', async () => {
    const [key = ''] = (await started.keys()).filter((each) => each.startsWith('version/f/'));
    await started.backend.write([{ op: 'put', key, value: Buffer.from('damaged') }], 'synced');
    expect(await list(10)).toEqual([[2, 3], false, 3]);
  });

  test.each([
    ['not_found', 'function_not_found', 10, 0, 'g'],
    ['not_found', 'version_not_found', 10, 9, 'f'],
    ['invalid_argument', 'out_of_bounds', 0, 0, 'f'],
    ['invalid_argument', 'out_of_bounds', 1001, 0, 'f'],
  ])('refuses with %s reason %s', async (code, reason, pageSize, after, name) => {
    await expect(list(pageSize, after, name)).rejects.toEqual(failure(code, reason));
  });
});
