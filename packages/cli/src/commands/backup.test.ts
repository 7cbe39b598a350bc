import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { backup as proto } from '@relais/contracts/edge';
import { Relais } from '@relais/sdk';
import { Input } from '../framework/input.js';
import type { Surroundings } from '../framework/surroundings.js';
import { silentProgress } from '../output/progress.js';
import { backup } from './backup.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-backup-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const data = (text: string) => ({ part: { case: 'data' as const, value: Buffer.from(text) } });
const end = (text: string) => ({
  part: {
    case: 'end' as const,
    value: { sizeBytes: text.length, sha256: createHash('sha256').update(text).digest('hex') },
  },
});

/** Runs the command against a platform that sends these messages. */
async function run(file: string, ...messages: (ReturnType<typeof data> | ReturnType<typeof end> | Error)[]) {
  const transport = createRouterTransport(({ service }) => {
    service(proto.BackupService, {
      async *readBackup() {
        for (const message of messages) {
          if (message instanceof Error) throw message;
          yield message;
        }
      },
    });
  });
  const io = {
    client: new Relais({ url: 'http://127.0.0.1:1', transport }),
    cwd: folder,
    interrupted: new AbortController().signal,
    progress: () => silentProgress,
    report: () => undefined,
  } as unknown as Surroundings;
  await backup.run?.(new Input({ FILE: file }, {}), io);
}

test('the file is there once all of it is, for its owner alone', async () => {
  await run('b', data('all '), data('of it'), end('all of it'));
  expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('all of it');
  expect(statSync(join(folder, 'b')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['b']);
});

test.each<[what: string, messages: Parameters<typeof run>[1][], code: string]>([
  ['ends early', [data('all ')], 'unavailable'],
  ['is not what was sent', [data('all '), end('all of it')], 'unavailable'],
  ['is of another text', [data('all of At'), end('all of it')], 'unavailable'],
  ['breaks', [data('all '), new ConnectError('Damaged.', Code.Internal)], 'internal'],
])('nothing is left of a copy that %s', async (_what, messages, code) => {
  await expect(run('b', ...messages)).rejects.toMatchObject({ code });
  expect(readdirSync(folder)).toEqual([]);
});

test('a file that is there is left as it is', async () => {
  writeFileSync(join(folder, 'b'), 'mine');
  await expect(run('b', data('x'), end('x'))).rejects.toMatchObject({ reason: 'file_exists' });
  expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('mine');
});

test('a place where nothing can be written is told as that', async () => {
  await expect(run('absent/b', data('x'), end('x'))).rejects.toMatchObject({ reason: 'unwritable_file' });
});
