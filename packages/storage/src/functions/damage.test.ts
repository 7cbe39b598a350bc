import { ManualClock, silentLogger } from '@relais/kit';
import { MemoryBackend } from '../backends/memory/memory-backend.js';
import { recordCorrupt } from '../errors.js';
import { FailingBackend } from '../testing/failing-backend.js';
import { context, deploy, redeploy, sha256 } from '../testing/requests.js';
import { failure, startStore } from '../testing/store-under-test.js';
import { FunctionStore } from './function-store.js';

describe('a damaged record', () => {
  const corrupt = failure('internal', 'record_corrupt');
  let started: Awaited<ReturnType<typeof startStore>>;

  beforeEach(async () => {
    started = await startStore();
    await started.store.createVersion(redeploy('hello', '1'), context);
    await started.store.createVersion(redeploy('hello', '2'), context);
    await started.store.createVersion(deploy('other'), context);
  });

  async function damage(form: RegExp): Promise<void> {
    const key = (await started.keys()).find((one) => form.test(one)) ?? `nothing matches ${form}`;
    const value = (await started.backend.get(key)) ?? Buffer.alloc(0);
    value.writeUInt8(value.readUInt8(value.length - 1) ^ 1, value.length - 1);
    await started.backend.write([{ op: 'put', key, value }], 'synced');
    started = await started.restart();
  }

  const deleteRecord = async (key: string) => started.backend.write([{ op: 'delete', key }], 'synced');

  test('of a current version is named and refused, all else is served, and a delete clears it', async () => {
    await damage(/^current\/hello$/);
    await expect(started.resolve('hello')).rejects.toEqual(corrupt);
    await expect(started.resolve('hello')).rejects.toThrow(/current\/hello.*delete the function/);
    const update = started.store.createVersion(redeploy('hello', '3'), context);
    await expect(update).rejects.toEqual(corrupt);
    expect(await started.resolve('hello@2')).toMatchObject({ version: 2 });
    expect(await started.resolve('other')).toMatchObject({ version: 1 });
    const { versions } = await started.store.listFunctions({ pageSize: 10, afterName: '' }, context);
    expect(versions.map(({ name }) => name)).toEqual(['other']);
    expect(await started.store.deleteFunction({ name: 'hello' }, context)).toEqual({ versionsDeleted: 2 });
    const { version } = await started.store.createVersion(deploy('hello', '3'), context);
    expect(version).toMatchObject({ version: 1, id: 'hello_1700000002' });
  });

  test('of an older version leaves the current one and can be deleted', async () => {
    await damage(/^version\/hello\/.*0$/);
    await expect(started.resolve('hello@1')).rejects.toEqual(corrupt);
    await expect(started.resolve('hello_1700000000')).rejects.toEqual(corrupt);
    expect(await started.resolve('hello')).toMatchObject({ version: 2 });
    expect(await started.store.deleteFunction({ name: 'hello' }, context)).toEqual({ versionsDeleted: 2 });
  });

  test('of a number is refused by that number alone', async () => {
    await damage(/^number\/hello\/.*1$/);
    await expect(started.resolve('hello@1')).rejects.toEqual(corrupt);
    expect(await started.resolve('hello_1700000000')).toMatchObject({ version: 1 });
  });

  test('of a blob is refused, and deploying the same source again heals it', async () => {
    await damage(new RegExp(`^blob/${sha256('1')}`));
    await expect(started.blob(sha256('1'))).rejects.toEqual(corrupt);
    await started.store.createVersion(redeploy('hello', '1'), context);
    expect((await started.blob(sha256('1'))).toString()).toBe('1');
  });

  test('that is gone while others point to it is damage, not absence', async () => {
    await deleteRecord(`blob/${sha256('1')}`);
    await expect(started.blob(sha256('1'))).rejects.toEqual(corrupt);
    await deleteRecord('version/hello/001700000000');
    await expect(started.resolve('hello@1')).rejects.toEqual(corrupt);
    await deleteRecord('current/other');
    started = await started.restart();
    await expect(started.store.createVersion(deploy('other'), context)).rejects.toEqual(corrupt);
  });

  test('that the medium cannot even list refuses the start', async () => {
    const broken = new MemoryBackend();
    await broken.start();
    broken.range = async () => {
      throw recordCorrupt('range', 'Restore it.');
    };
    const store = new FunctionStore({ backend: broken, clock: new ManualClock(), logger: silentLogger });
    await expect(store.start()).rejects.toEqual(failure('failed_precondition', 'storage_corrupt'));
    await expect(store.resolveFunction({ function: 'a' }, context)).rejects.toEqual(
      failure('unavailable', 'storage_closed'),
    );
  });
});

describe('a disk that takes no more', () => {
  const failed = failure('unavailable', 'storage_write_failed');

  async function begin() {
    const disk = new FailingBackend(new MemoryBackend());
    const started = await startStore({ backend: disk });
    await started.store.createVersion(deploy('hello', '1'), context);
    const before = await started.keys();
    return { ...started, disk, before };
  }

  test('fails deploys and deletes, leaves the state as it was and readable, and serves again when there is room', async () => {
    const { disk, store, resolve, blob, keys, before, restart } = await begin();
    disk.failure = 'lost';
    await expect(store.createVersion(redeploy('hello', '2'), context)).rejects.toEqual(failed);
    await expect(store.createVersion(deploy('new'), context)).rejects.toEqual(failed);
    await expect(store.deleteFunction({ name: 'hello' }, context)).rejects.toEqual(failed);
    expect(await keys()).toEqual(before);
    expect(await resolve('hello')).toMatchObject({ version: 1 });
    expect((await blob(sha256('1'))).toString()).toBe('1');
    disk.failure = undefined;
    expect(await store.createVersion(redeploy('hello', '2'), context)).toMatchObject({ version: { version: 2 } });
    const again = await restart();
    expect(await again.resolve('hello')).toMatchObject({ version: 2 });
    await expect(again.resolve('new')).rejects.toEqual(failure('not_found', 'function_not_found'));
  });

  test('that took the failed batch after all is believed: memory follows the disk before the next change', async () => {
    const { disk, store, resolve } = await begin();
    const { revision } = await store.waitForChange({ afterRevision: 0, waitMs: 0 }, context);
    disk.failure = 'landed';
    await expect(store.createVersion(redeploy('hello', '2'), context)).rejects.toEqual(failed);
    expect(await resolve('hello')).toMatchObject({ version: 1 });
    disk.failure = undefined;
    expect(await store.createVersion(redeploy('hello', '3'), context)).toMatchObject({ version: { version: 3 } });
    expect(await resolve('hello@2')).toMatchObject({ sourceDigest: sha256('2') });
    const answer = await store.waitForChange({ afterRevision: revision, waitMs: 0 }, context);
    expect(answer.allChanged).toBe(true);
  });

  test('refuses nobody for a name that was never stored', async () => {
    const { disk, store } = await begin();
    disk.failure = 'lost';
    const both = await Promise.allSettled([
      store.createVersion(deploy('new'), context),
      store.createVersion(deploy('new'), context),
    ]);
    expect(both.map((one) => one.status === 'rejected' && one.reason)).toEqual([failed, failed]);
  });

  test('is written to with sync and nothing else', async () => {
    const { disk, store } = await begin();
    await store.deleteFunction({ name: 'hello' }, context);
    expect(disk.tried).toEqual(['synced', 'synced']);
  });
});
