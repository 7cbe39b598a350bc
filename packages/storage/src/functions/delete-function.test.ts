import { deploy, redeploy, sha256 } from '../testing/requests.js';
import { failure, startStore } from '../testing/store-under-test.js';

type Started = Awaited<ReturnType<typeof startStore>>;
const second = 1_700_000_000;
let started: Started;

beforeEach(async () => {
  started = await startStore();
});

const create = (...requests: ReturnType<typeof deploy>[]) => started.create(...requests);
const remove = (name: string) => started.remove(name);

describe('deleting', () => {
  test('removes all versions, by every reference', async () => {
    const [first] = await create(redeploy('hello', '1'), redeploy('hello', '2'), deploy('hello_12'));
    await started.resolve('hello@1');
    await started.resolve(first?.id ?? '');
    expect(await remove('hello')).toEqual({ versionsDeleted: 2 });
    await expect(started.resolve('hello')).rejects.toEqual(failure('not_found', 'function_not_found'));
    await expect(started.resolve('hello@1')).rejects.toEqual(failure('not_found', 'version_not_found'));
    await expect(started.resolve(first?.id ?? '')).rejects.toEqual(failure('not_found', 'version_not_found'));
    await expect(remove('hello')).rejects.toEqual(failure('not_found', 'function_not_found'));
    expect(await started.resolve('hello_12')).toMatchObject({ version: 1 });
  });

  test('frees the blobs that no other version needs, and only those', async () => {
    await create(
      redeploy('a', 'shared'),
      redeploy('a', 'twice'),
      redeploy('a', 'twice'),
      redeploy('a', 'own', { artifact: Buffer.from('built') }),
      redeploy('b', 'theirs', { artifact: Buffer.from('shared') }),
    );
    await remove('a');
    for (const gone of ['twice', 'own', 'built']) {
      await expect(started.blob(sha256(gone))).rejects.toEqual(failure('not_found', 'blob_not_found'));
    }
    expect((await started.blob(sha256('shared'))).toString()).toBe('shared');
    await remove('b');
    expect(await started.keys()).toEqual(['tombstone/a', 'tombstone/b']);
    await create(deploy('a'));
    expect(await started.keys()).not.toContain('tombstone/a');
  });

  test('among deploys of the same source never takes a blob that is needed', async () => {
    await create(deploy('a', 'same'));
    await Promise.all([create(deploy('e', 'same')), remove('a')]);
    expect((await started.blob(sha256('same'))).toString()).toBe('same');
    await Promise.all([remove('e'), create(deploy('a', 'same'))]);
    expect((await started.blob(sha256('same'))).toString()).toBe('same');
    await Promise.all([
      create(deploy('b', 'same')),
      remove('a'),
      create(deploy('c', 'same')),
      remove('a').catch(() => {}),
      create(deploy('d', 'same')),
    ]);
    await Promise.all([remove('b'), create(redeploy('a', 'same')), remove('c'), remove('d')]);
    expect((await started.blob(sha256('same'))).toString()).toBe('same');
    await remove('a');
    await expect(started.blob(sha256('same'))).rejects.toEqual(failure('not_found', 'blob_not_found'));
  });

  test('takes names only', async () => {
    await create(deploy('hello'));
    await expect(remove(`hello_${second}`)).rejects.toEqual(failure('invalid_argument', 'name_looks_like_id'));
    await expect(remove('hello@1')).rejects.toEqual(failure('invalid_argument', 'invalid_name'));
    expect(await started.resolve('hello')).toMatchObject({ version: 1 });
  });
});
