import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { RelaisError } from '@relais/kit';
import { Level } from 'level';
import { temporaryDirectory } from '../../testing/temporary-directory.js';
import type { Write } from '../backend.js';
import { backendConformance } from '../conformance.js';
import { LevelBackend } from './level-backend.js';

let place: Awaited<ReturnType<typeof temporaryDirectory>>;
let directory: string;

const at = (path: string) => new LevelBackend({ directory: path });
const put = (key: string, text: string): Write => ({ op: 'put', key, value: Buffer.from(text) });

backendConformance('LevelBackend', {
  async create() {
    place = await temporaryDirectory();
    return at(join(place.path, 'data'));
  },
  again: async () => at(join(place.path, 'data')),
  remove: () => place.remove(),
});

describe('a LevelDB directory', () => {
  beforeEach(async () => {
    place = await temporaryDirectory();
    directory = join(place.path, 'deep', 'data');
  });

  afterEach(() => place.remove());

  /** Starts one, applies the writes one by one, stops it. */
  async function fill(...writes: Write[]): Promise<void> {
    const backend = at(directory);
    await backend.start();
    for (const write of writes) await backend.write([write], 'synced');
    await backend.stop(0);
  }

  async function startFailure(): Promise<unknown> {
    const backend = at(directory);
    const error = await backend.start().catch((reason: unknown) => reason);
    await backend.stop(0);
    return error;
  }

  const refused = (reason: string, message: RegExp) => ({
    code: 'failed_precondition',
    message: expect.stringMatching(message),
    fields: { reason, component: 'storage' },
  });

  const fileMatching = async (form: RegExp) => {
    const name = (await readdir(directory)).find((file) => form.test(file));
    return join(directory, name ?? `nothing matches ${form}`);
  };

  test('is created for its owner alone, and narrowed when it is wider', async () => {
    await fill();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    directory = join(place.path, 'wide');
    await mkdir(directory, { mode: 0o755 });
    await fill();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test('is written with sync exactly when the durability says so', async () => {
    const original = Level.prototype.batch;
    const syncs: unknown[] = [];
    Level.prototype.batch = function (this: unknown, ...args: unknown[]) {
      syncs.push((args[1] as { sync?: boolean } | undefined)?.sync);
      return Reflect.apply(original, this, args);
    } as typeof original;
    const backend = at(directory);
    try {
      await backend.start();
      await backend.write([put('a', '1')], 'synced');
      await backend.write([put('b', '1')], 'buffered');
    } finally {
      Level.prototype.batch = original;
      await backend.stop(0);
    }
    expect(syncs).toEqual([true, false]);
  });

  test('opens once in one process, and the refusal does not loosen the lock', async () => {
    const first = at(directory);
    await first.start();
    expect(await startFailure()).toMatchObject(refused('storage_locked', new RegExp(`process ${process.pid}.*Stop`)));
    expect(await otherProcessOpens(directory)).toBe('LEVEL_LOCKED');
    await first.stop(0);
    expect(await otherProcessOpens(directory)).toBe('open');
    await fill();
  });

  test('open in another process is refused, naming that process', async () => {
    await fill(put('a', '1'));
    const other = holdInOtherProcess(directory);
    try {
      const lines = createInterface({ input: other.stdout });
      const [line] = await once(lines, 'line');
      expect(line).toBe('open');
      expect(await startFailure()).toMatchObject(
        refused('storage_locked', new RegExp(`in use by (process ${other.pid}|another process)\\. Stop`)),
      );
    } finally {
      other.kill('SIGKILL');
      await once(other, 'close');
    }
    await fill();
  });

  test.each([
    ['a foreign file', async () => writeFile(join(directory, 'thesis.txt'), 'mine'), /thesis\.txt/],
    ['a foreign log', async () => writeFile(join(directory, '000003.log'), 'mine'), /000003\.log/],
    ['tables alone', async () => writeFile(join(directory, '000005.ldb'), 'x'), /000005\.ldb/],
  ])('with %s but no marker is not taken for a new one', async (_what, prepare, message) => {
    await mkdir(directory, { recursive: true });
    await prepare();
    expect(await startFailure()).toMatchObject(refused('storage_corrupt', message));
  });

  test('that is a file is refused', async () => {
    await mkdir(join(place.path, 'deep'));
    await writeFile(directory, 'mine');
    expect(await startFailure()).toMatchObject(refused('storage_unusable', /deep\/data/));
  });

  test('is refused where a file system makes no directories', async () => {
    directory = '/proc/relais/data';
    expect(await startFailure()).toMatchObject(refused('storage_unusable', /\/proc\/relais\/data/));
  });

  test('whose creation was cut short opens', async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'LOCK'), '');
    await writeFile(join(directory, 'MANIFEST-000001'), 'half');
    await fill(put('a', '1'));
    const backend = at(directory);
    await backend.start();
    expect(await backend.get('a')).toEqual(Buffer.from('1'));
    await backend.stop(0);
  });

  test.each([
    ['CURRENT is gone', async () => rm(join(directory, 'CURRENT')), /CURRENT is gone/],
    ['CURRENT names nothing', async () => writeFile(join(directory, 'CURRENT'), 'MANIFEST-9\n'), /MANIFEST-9/],
    ['the manifest is garbage', async () => scramble(await fileMatching(/^MANIFEST/), 0), /damaged/],
    ['the write-ahead log is gone', async () => rm(await fileMatching(/\.log$/)), /write-ahead log/],
    ['a table is gone', async () => rm(await fileMatching(/\.ldb$/)), /damaged/],
    ['the marker is of another format', async () => writeFile(join(directory, 'RELAIS'), 'format 2'), /RELAIS/],
  ])('is refused when %s', async (_what, damage, message) => {
    await fill(put('a', '1'));
    await fill(put('b', '2'));
    await damage();
    expect(await startFailure()).toMatchObject(refused('storage_corrupt', message));
  });

  test('is refused when the end of its manifest is gone, with which LevelDB would drop a table unsaid', async () => {
    const mebibyte = 'x'.repeat(1024 * 1024);
    const backend = at(directory);
    await backend.start();
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await backend.write([put(key, mebibyte)], 'synced');
    const logs = () => readdir(directory).then((names) => names.filter((name) => name.endsWith('.log')));
    // LevelDB writes the table, names it, and removes the log it is made of.
    const endMs = performance.now() + 10_000;
    while ((await logs()).includes('000003.log')) expect(performance.now()).toBeLessThan(endMs);
    await backend.stop(0);
    const path = await fileMatching(/^MANIFEST/);
    await truncate(path, (await stat(path)).size - 1);
    const tables = () => readdir(directory).then((names) => names.filter((name) => name.endsWith('.ldb')));
    const before = await tables();
    expect(await startFailure()).toMatchObject(
      refused('storage_corrupt', /MANIFEST-\d+ names \d+\.log, which is not there/),
    );
    expect([before.length > 0, await tables()]).toEqual([true, before]);
  });

  test('that is removed while it is open takes no write, and one in its place is not begun anew', async () => {
    const backend = at(directory);
    await backend.start();
    await backend.write([put('a', '1')], 'synced');
    await rm(directory, { recursive: true });
    const failed = {
      code: 'unavailable',
      message: expect.stringMatching(/removed/),
      fields: { reason: 'storage_write_failed' },
    };
    await expect(backend.write([put('b', '2')], 'synced')).rejects.toMatchObject(failed);
    await mkdir(directory, { recursive: true });
    await expect(backend.recover()).rejects.toMatchObject(failed);
    await expect(backend.write([put('c', '3')], 'synced')).rejects.toMatchObject(failed);
    expect(await backend.get('a')).toEqual(Buffer.from('1'));
    expect(await readdir(directory)).toEqual([]);
    await backend.stop(0);
  });

  test('that is back in its place is written to again', async () => {
    const backend = at(directory);
    await backend.start();
    await rename(directory, `${directory}-away`);
    await expect(backend.write([put('a', '1')], 'synced')).rejects.toMatchObject({ code: 'unavailable' });
    await rename(`${directory}-away`, directory);
    await backend.recover();
    await backend.write([put('b', '2')], 'synced');
    await backend.stop(0);
    await backend.start();
    expect(await backend.get('b')).toEqual(Buffer.from('2'));
    await backend.stop(0);
  });

  test('is refused when an acknowledged write in its log is damaged, which LevelDB alone would drop unsaid', async () => {
    await fill(put('a', '1'), put('b', 'x'.repeat(100)), put('c', '3'));
    const log = await fileMatching(/\.log$/);
    await scramble(log, (await readFile(log)).indexOf('xxx'));
    expect(await startFailure()).toMatchObject(refused('storage_corrupt', /\.log is damaged at byte \d+/));
  });

  test('opens when its log ends in half a write', async () => {
    await fill(put('a', '1'), put('b', 'x'.repeat(100)));
    const log = await fileMatching(/\.log$/);
    await truncate(log, (await stat(log)).size - 50);
    const backend = at(directory);
    await backend.start();
    expect(await backend.get('a')).toEqual(Buffer.from('1'));
    expect(await backend.get('b')).toBeUndefined();
    await backend.stop(0);
  });

  test('fails a read of a damaged table by code', async () => {
    await fill(put('a', 'x'.repeat(5000)));
    await fill();
    const backend = at(directory);
    await backend.start();
    await scramble(await fileMatching(/\.ldb$/), 10);
    const errors = [
      await backend.get('a').catch((reason: unknown) => reason),
      await backend.range({ from: '!', to: '~', limit: 10 }).catch((reason: unknown) => reason),
    ];
    await backend.stop(0);
    for (const error of errors) {
      expect(RelaisError.is(error)).toBe(true);
      expect(error).toMatchObject({ code: 'internal', fields: { reason: 'record_corrupt' } });
    }
  });
});

async function scramble(path: string, offset: number): Promise<void> {
  const bytes = await readFile(path);
  for (let index = offset; index < Math.min(offset + 20, bytes.length); index++) {
    bytes.writeUInt8(bytes.readUInt8(index) ^ 0xa5, index);
  }
  await writeFile(path, bytes);
}

const opener = `
  const { Level } = await import(process.argv[1]);
  const level = new Level(process.argv[2]);
  level.open().then(() => 'open', (error) => error.cause.code).then((outcome) => {
    console.log(outcome);
    setInterval(() => {}, 1000);
  });
`;

function holdInOtherProcess(path: string) {
  const args = ['--input-type=module', '--eval', opener, import.meta.resolve('level'), path];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function otherProcessOpens(path: string): Promise<string> {
  const other = holdInOtherProcess(path);
  const [line] = await once(createInterface({ input: other.stdout }), 'line');
  other.kill('SIGKILL');
  await once(other, 'close');
  return line;
}
