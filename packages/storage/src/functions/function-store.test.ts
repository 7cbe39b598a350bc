import { createHash } from 'node:crypto';
import { type FunctionVersion, Isolation } from '@relais/contracts';
import { ManualClock } from '@relais/kit';
import { context, deploy, redeploy } from '../testing/requests.js';
import { failure, startStore } from '../testing/store-under-test.js';

type Started = Awaited<ReturnType<typeof startStore>>;
const second = 1_700_000_000;
let started: Started;

beforeEach(async () => {
  started = await startStore();
});

const create = async (...requests: ReturnType<typeof deploy>[]): Promise<FunctionVersion[]> => {
  const answers = await Promise.all(requests.map((request) => started.store.createVersion(request, context)));
  return answers.flatMap(({ version }) => version ?? []);
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const remove = (name: string) => started.store.deleteFunction({ name }, context);

describe('creating a version', () => {
  test('answers it with id, number, digests and sizes, and keeps its blobs', async () => {
    const config = {
      timeoutMs: 5000,
      memoryMb: 64,
      concurrency: 2,
      isolation: Isolation.ISOLATION_FRESH,
      entry: 'main',
      cflags: ['-O2'],
      env: { KEY: 'value' },
      http: 'cgi',
    };
    const [version] = await create(
      deploy('hello', 'source', {
        lang: 'c',
        wasm: true,
        artifact: Buffer.from('artifact'),
        config,
        filename: 'hello.c',
      }),
    );
    expect(version).toEqual({
      id: `hello_${second}`,
      name: 'hello',
      version: 1,
      lang: 'c',
      wasm: true,
      form: 1,
      sourceDigest: sha256('source'),
      artifactDigest: sha256('artifact'),
      sourceBytes: 6,
      artifactBytes: 8,
      filename: 'hello.c',
      config,
      createdAtMs: second * 1000,
    });
    expect((await started.blob(sha256('source'))).toString()).toBe('source');
    const { content } = await started.store.getArtifact({ digest: sha256('artifact') }, context);
    expect(content.toString()).toBe('artifact');
  });

  test('without an artifact runs the source', async () => {
    const [version] = await create(deploy('hello', 'source'));
    expect(version).toMatchObject({ artifactDigest: sha256('source'), artifactBytes: 6 });
  });

  test('shares nothing with the request, and what it answers cannot be changed', async () => {
    const request = deploy('hello', 'source', { config: { ...deployConfig(), cflags: ['-O1'] } });
    const [version] = await create(request);
    request.config?.cflags.push('-O2');
    request.source.fill(0);
    expect(version?.config?.cflags).toEqual(['-O1']);
    expect(() => version?.config?.cflags.push('-O3')).toThrow(TypeError);
    expect((await started.blob(sha256('source'))).toString()).toBe('source');
  });

  test('refuses a taken name unless it updates, and then counts on', async () => {
    await create(deploy('hello'));
    await expect(create(deploy('hello', 'other'))).rejects.toEqual(failure('already_exists', 'name_taken'));
    const [version] = await create(redeploy('hello', 'other'));
    expect(version).toMatchObject({ version: 2, id: `hello_${second + 1}` });
    expect(await started.resolve('hello')).toEqual(version);
  });

  test('of fifty at once under one name exactly one succeeds', async () => {
    const all = Array.from({ length: 50 }, (_, at) => started.store.createVersion(deploy('hello', `${at}`), context));
    const settled = await Promise.allSettled(all);
    const refusals = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refusals).toHaveLength(49);
    expect(refusals).toEqual(Array.from({ length: 49 }, () => failure('already_exists', 'name_taken')));
    expect(await started.resolve('hello')).toMatchObject({ version: 1 });
    await expect(started.resolve('hello@2')).rejects.toEqual(failure('not_found', 'version_not_found'));
  });

  test('fifty updates at once make versions 1 to 50 in the order they came, each with an id and a source of its own', async () => {
    const all = Array.from({ length: 50 }, (_, at) => redeploy('hello', `source ${at}`));
    const versions = await create(...all);
    expect(versions.map(({ version }) => version)).toEqual(all.map((_, at) => at + 1));
    expect(new Set(versions.map(({ id }) => id)).size).toBe(50);
    const digests = versions.map(({ sourceDigest }) => sourceDigest);
    expect(digests).toEqual(all.map((_, at) => sha256(`source ${at}`)));
    for (const version of versions) {
      expect(await started.resolve(`hello@${version.version}`)).toEqual(version);
      expect(await started.resolve(version.id)).toEqual(version);
    }
    expect(await started.resolve('hello')).toMatchObject({ version: 50 });
  });

  test.each([
    ['invalid_name', deploy('../etc')],
    ['name_looks_like_id', deploy('hello_1728435600')],
    ['out_of_bounds', deploy('hello', 'x'.repeat(101))],
    ['out_of_bounds', deploy('hello', 'x', { artifact: Buffer.alloc(201) })],
    ['out_of_bounds', deploy('hello', 'x', { filename: 'f'.repeat(256) })],
    ['out_of_bounds', deploy('hello', 'x', { config: { ...deployConfig(), env: { A: 'x'.repeat(17_000) } } })],
  ])('refuses with reason %s and stores nothing', async (reason, request) => {
    started = await startStore({ bounds: { sourceBytesMax: 100, artifactBytesMax: 200 } });
    await expect(create(request)).rejects.toEqual(failure('invalid_argument', reason));
    expect(await started.keys()).toEqual([]);
  });

  test('refuses more names and more versions of one name than the bounds', async () => {
    started = await startStore({ bounds: { functionsMax: 2, versionsPerFunctionMax: 2 } });
    await create(deploy('a'), deploy('b'), redeploy('a'));
    await expect(create(deploy('c'))).rejects.toEqual(failure('resource_exhausted', 'functions_limit'));
    await expect(create(redeploy('a'))).rejects.toEqual(failure('resource_exhausted', 'versions_limit'));
    await remove('a');
    await create(deploy('c'));
  });

  test('whose caller has gone is not begun', async () => {
    const gone = started.store.createVersion(deploy('hello'), { ...context, signal: AbortSignal.abort() });
    await expect(gone).rejects.toEqual(failure('cancelled', 'caller_gone'));
    expect(await started.keys()).toEqual([]);
  });
});

describe('ids', () => {
  test('take the next free second, over deletes, restarts and a clock set back', async () => {
    await create(deploy('hello'));
    await create(redeploy('hello'));
    await remove('hello');
    const [again] = await create(deploy('hello'));
    expect(again).toMatchObject({ id: `hello_${second + 2}`, version: 1 });
    await remove('hello');
    await started.store.stop(0);
    started = await startStore({ backend: started.backend, clock: new ManualClock(1000) });
    const [earlier] = await create(deploy('hello'));
    expect(earlier).toMatchObject({ id: `hello_${second + 3}`, version: 1, createdAtMs: 1000 });
  });

  test('follow the clock when it is ahead, and have ten digits on a machine without one', async () => {
    await create(deploy('hello'));
    started.clock.advance(60_000);
    expect(await create(redeploy('hello'))).toMatchObject([{ id: `hello_${second + 60}` }]);
    started = await startStore({ clock: new ManualClock(0) });
    expect(await create(deploy('hello'))).toMatchObject([{ id: 'hello_1000000000' }]);
  });
});

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

function deployConfig() {
  return {
    timeoutMs: 0,
    memoryMb: 0,
    concurrency: 0,
    isolation: 0,
    entry: '',
    cflags: [] as string[],
    env: {},
    http: '',
  };
}
