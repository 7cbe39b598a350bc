import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyRecord, SecretRecord } from '@relais/contracts';
import { ManualClock } from '@relais/kit';
import { LevelBackend } from '../backends/level/level-backend.js';
import type { StorageBounds } from '../functions/bounds.js';
import { seal } from '../records/envelope.js';
import { seededRandom } from '../testing/random.js';
import { context, deploy, redeploy } from '../testing/requests.js';
import { failure, startStore } from '../testing/store-under-test.js';
import { temporaryDirectory } from '../testing/temporary-directory.js';
import { writeBackup } from './backup-format.js';
import { restoreBackup } from './restore-backup.js';

type Started = Awaited<ReturnType<typeof startStore>>;
let place: Awaited<ReturnType<typeof temporaryDirectory>>;
let target: string;

beforeEach(async () => {
  place = await temporaryDirectory();
  target = join(place.path, 'data', 'storage');
});

afterEach(() => place.remove());

/** A store with a bit of everything: 3 versions of which the second is current, a large one, a key, a secret, a grave. */
async function filled(bounds: Partial<StorageBounds> = {}, clock = new ManualClock()): Promise<Started> {
  const started = await startStore({ bounds, clock });
  const artifact = Buffer.alloc(3_000_000, 'artifact');
  await started.create(deploy('f', 'one'), redeploy('f', 'two', { artifact }), redeploy('f', 'three'), deploy('gone'));
  await started.store.setCurrent({ name: 'f', version: 2 }, context);
  await started.remove('gone');
  const key = KeyRecord.create({ id: 'k'.repeat(16), sha256: Buffer.alloc(32), name: 'ci', scopes: ['read'] });
  await started.store.createKey({ key }, context);
  const secret = SecretRecord.create({ name: 'S', version: 1, nonce: Buffer.alloc(12), ciphertext: Buffer.alloc(20) });
  await started.store.putSecret({ secret }, context);
  return started;
}

/** Part by part; `between` is run after each of them. */
async function copy({ store }: Started, between = async () => {}): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let backupId = '', isLast = false; !isLast; await between()) {
    const part = await store.readBackup({ backupId }, context);
    parts.push(part.data);
    backupId = part.backupId;
    isLast = part.last;
  }
  return Buffer.concat(parts);
}

async function* chunks(file: Buffer, bytes = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.length; at += bytes) yield file.subarray(at, at + bytes);
}

async function everything({ backend }: Started) {
  return backend.range({ from: '!', to: '~', limit: 1000 });
}

async function namesBeside(path: string): Promise<string[]> {
  return readdir(join(path, '..')).catch(() => []);
}

test('what was restored is what was stored, and a store opens on it', async () => {
  const started = await filled();
  const file = await copy(started);
  expect(await restoreBackup(chunks(file), target)).toEqual({ functions: 1, versions: 3, keys: 1, secrets: 1 });
  const restored = await startStore({ backend: new LevelBackend({ directory: target }) });
  try {
    expect(await everything(restored)).toEqual(await everything(started));
    expect((await restored.resolve('f'))?.version).toBe(2);
    const [next] = await restored.create(redeploy('f', 'four'));
    expect(next?.version).toBe(4);
  } finally {
    await restored.store.stop(0);
    await restored.backend.stop(0);
  }
  expect(await namesBeside(target)).toEqual(['storage']);
});

test('is of one moment, whatever is deployed and removed while it is read', async () => {
  const started = await filled();
  const before = await everything(started);
  let round = 0;
  const file = await copy(started, async () => {
    round += 1;
    await started.create(redeploy('f', `more ${round}`), deploy(`new${round}`));
  });
  expect(round).toBeGreaterThan(1);
  await restoreBackup(chunks(file), target);
  const restored = await startStore({ backend: new LevelBackend({ directory: target }) });
  expect(await everything(restored)).toEqual(before);
  await restored.backend.stop(0);
});

test('an empty store is a backup too', async () => {
  const file = await copy(await startStore());
  expect(await restoreBackup(chunks(file, 1), target)).toMatchObject({ functions: 0, versions: 0 });
});

const unusable = failure('failed_precondition', 'backup_unusable');

describe('a file that is not what was written is refused, and nothing is left behind', () => {
  let file: Buffer;

  beforeAll(async () => {
    const started = await startStore();
    await started.create(deploy('f', 'one'), redeploy('f', 'two'));
    file = await copy(started);
  });

  const refused = async (bytes: Buffer) => {
    await expect(restoreBackup(chunks(bytes, 1000), target)).rejects.toEqual(unusable);
    expect(await namesBeside(target)).toEqual([]);
  };

  test('cut short anywhere', async () => {
    const random = seededRandom(7);
    const ends = [0, 1, 15, 16, 20, ...Array.from({ length: 12 }, () => random(file.length)), file.length - 1];
    for (const end of ends) await refused(file.subarray(0, end));
  });

  test('with a bit changed anywhere', async () => {
    const random = seededRandom(8);
    for (let round = 0; round < 25; round++) {
      const damaged = Buffer.from(file);
      const at = random(damaged.length);
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << random(8)), at);
      await refused(damaged);
    }
  });

  test('with more behind its end, twice over, or something else altogether', async () => {
    await refused(Buffer.concat([file, Buffer.from('x')]));
    await refused(Buffer.concat([file, file]));
    await refused(Buffer.from('#!/bin/sh\necho this is no backup at all\n'));
  });

  test.each([
    ['a record that is damaged', 'version/f/000001700000000', Buffer.from('damaged')],
    [
      'a blob that is not what its name says',
      `blob/${'0'.repeat(64)}`,
      seal(`blob/${'0'.repeat(64)}`, Buffer.from('x')),
    ],
    ['a record of a kind it does not know', 'soul/f', seal('soul/f', Buffer.from('x'))],
  ])('made by something else, with %s', async (_what, key, value) => {
    async function* entries() {
      yield { key, value };
    }
    const parts: Buffer[] = [];
    // What the writer would refuse is made by hand: one record with a right checksum of the whole.
    const written = key.startsWith('version/') ? forged(key, value) : writeBackup(entries());
    for await (const part of written) parts.push(part);
    await refused(Buffer.concat(parts));
  });
});

/** A file around a damaged record. */
async function* forged(key: string, value: Buffer): AsyncGenerator<Buffer> {
  const good = seal(key, Buffer.alloc(value.length - 5));
  async function* entries() {
    yield { key, value: good };
  }
  for await (const part of writeBackup(entries())) yield part.equals(good) ? value : part;
}

test.each(['a file in it', 'a file in its place'])('a directory with %s is left as it is', async (what) => {
  const file = await copy(await filled());
  if (what === 'a file in it') await mkdir(target, { recursive: true });
  else await mkdir(join(target, '..'), { recursive: true });
  const path = what === 'a file in it' ? join(target, 'mine') : target;
  await writeFile(path, 'mine');
  await expect(restoreBackup(chunks(file), target)).rejects.toEqual(
    failure('failed_precondition', 'restore_not_empty'),
  );
  expect(await namesBeside(target)).toEqual(['storage']);
});

test('an empty directory is filled', async () => {
  await mkdir(target, { recursive: true });
  await chmod(target, 0o755);
  await restoreBackup(chunks(await copy(await filled())), target);
  expect(await readdir(target)).toContain('RELAIS');
});

test('a restore that is killed leaves nothing under the name', async () => {
  const file = join(place.path, 'backup');
  await writeFile(file, await copy(await filled()));
  const script = join(import.meta.dirname, '../testing/restore-and-hang.js');
  const child = spawn(process.execPath, [script, file, target], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  expect((await namesBeside(target)).filter((name) => name === 'storage')).toEqual([]);
  expect(await restoreBackup(chunks(await copy(await filled())), target)).toMatchObject({ functions: 1 });
});

test('a damaged record is not copied, and the copy is over', async () => {
  const started = await filled();
  await started.backend.write([{ op: 'put', key: 'number/f/x', value: Buffer.from('damaged') }], 'synced');
  await expect(copy(started)).rejects.toEqual(failure('internal', 'record_corrupt'));
  await expect(copy(started)).rejects.toEqual(failure('internal', 'record_corrupt'));
});

describe('copies under way', () => {
  const begin = async ({ store }: Started) => (await store.readBackup({ backupId: '' }, context)).backupId;
  const gone = failure('not_found', 'backup_gone');

  test('are bounded, and one that is done or failed makes room', async () => {
    const started = await filled({ backupsMax: 2 });
    const ids = [await begin(started), await begin(started)];
    await expect(begin(started)).rejects.toEqual(failure('resource_exhausted', 'backups_limit'));
    for (let round = 0; round < 2; round++) {
      let isLast = false;
      while (!isLast) isLast = (await started.store.readBackup({ backupId: ids[round] ?? '' }, context)).last;
      await expect(started.store.readBackup({ backupId: ids[round] ?? '' }, context)).rejects.toEqual(gone);
      expect(await copy(started)).not.toHaveLength(0);
    }
  });

  test('end when nobody reads on', async () => {
    const clock = new ManualClock();
    const started = await filled({ backupsMax: 1, backupIdleMs: 1000 }, clock);
    const backupId = await begin(started);
    clock.advance(999);
    await expect(begin(started)).rejects.toEqual(failure('resource_exhausted', 'backups_limit'));
    clock.advance(1);
    await expect(started.store.readBackup({ backupId }, context)).rejects.toEqual(gone);
    expect(await copy(started)).not.toHaveLength(0);
  });

  test('end with the store', async () => {
    const started = await filled();
    const backupId = await begin(started);
    const { store } = await started.restart();
    await expect(store.readBackup({ backupId }, context)).rejects.toEqual(gone);
  });
});
