import { FunctionConfig, Isolation } from '@relais/contracts';
import { ManualClock } from '@relais/kit';
import { context, deploy, redeploy, sha256 } from '../testing/requests.js';
import { failure, startStore } from '../testing/store-under-test.js';

type Started = Awaited<ReturnType<typeof startStore>>;
const second = 1_700_000_000;
let started: Started;

beforeEach(async () => {
  started = await startStore();
});

const create = (...requests: ReturnType<typeof deploy>[]) => started.create(...requests);
const remove = (name: string) => started.remove(name);

describe('creating a version', () => {
  test('answers it with id, number, digests and sizes, and keeps its blobs', async () => {
    const config = FunctionConfig.fromPartial({
      timeoutMs: 5000,
      memoryMb: 64,
      concurrency: 2,
      isolation: Isolation.ISOLATION_FRESH,
      entry: 'main',
      cflags: ['-O2'],
      env: { KEY: 'value' },
      http: 'cgi',
      strategy: 'rr',
      idempotent: true,
      scale: { targetCalls: 20, max: 4, idleMs: 60_000, min: 0 },
    });
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
    const { artifact } = await started.store.getVersion({ id: version?.id ?? '' }, context);
    expect(artifact.toString()).toBe('artifact');
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

function deployConfig() {
  return FunctionConfig.create();
}
