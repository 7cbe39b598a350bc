import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RoleProcess, startRelais } from './role-process.js';
import { type CommandResult, runRelais } from './run-relais.js';

const adminKey = `rlk_${'backup-test'.repeat(4)}`;
let folder: string;
let platform: RoleProcess;
let url: string;

/** Starts a platform on a data directory, with a file that holds the key to its secrets. */
async function start(data: string, secretsKey: string): Promise<void> {
  const flags = ['--data', join(folder, data), '--secrets-key-file', join(folder, secretsKey)];
  platform = await startRelais(['--port', '0', '--workers', '2', '--keys', 'on', '--admin-key', adminKey, ...flags]);
  url = /http:\/\/\S+/.exec(platform.ready)?.[0] ?? '';
}

async function stop(): Promise<void> {
  platform.signal('SIGTERM');
  await platform.exited;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'relais-backup-'));
  await start('data', 'secrets.key');
}, 60_000);

afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

function relais(args: readonly string[], more: { key?: string; stdin?: string } = {}): Promise<CommandResult> {
  const { key = adminKey, stdin = '' } = more;
  return runRelais(args, { cwd: folder, env: { RELAIS_URL: url, RELAIS_KEY: key }, stdin });
}

async function deploy(text: string): Promise<void> {
  writeFileSync(
    join(folder, 'f.js'),
    `export default () => ${JSON.stringify(text)} + (process.env.DOOR ?? '').length;\n`,
  );
  expect(await relais(['deploy', 'f.js', '--update', '--secret', 'DOOR'])).toMatchObject({ code: 0 });
}

const answer = async () => (await relais(['invoke', 'f'])).stdout;

test('a backup made under way brings versions, keys and secrets back, and nothing of what came later', async () => {
  await relais(['secret', 'set', 'DOOR'], { stdin: 'sesame' });
  await deploy('one');
  await deploy('two');
  const reader = JSON.parse((await relais(['key', 'create', 'reader', '--scope', 'read', '--json'])).stdout).key;

  expect(await relais(['version'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/platform +\d+\.\d+\.\d+ at/),
  });
  expect(await relais(['rollback', 'f'])).toMatchObject({ code: 0, stdout: 'f@1 serves now (was f@2)\n' });
  expect(await answer()).toBe('one6');
  expect((await relais(['version', 'f'])).stdout).toMatch(/^1 \* +f_\d+ +js/m);
  expect((await relais(['rollback', 'f', '7'])).stderr).toMatch(/version_not_found[\s\S]*next: "relais version NAME"/);

  for (const [key, code] of [
    [reader, /permission_denied \(scope_missing\)/],
    ['rlk_wrong', /unauthenticated/],
  ]) {
    expect(await relais(['backup', 'b'], { key })).toMatchObject({ code: 4, stderr: expect.stringMatching(code) });
  }
  expect(existsSync(join(folder, 'b'))).toBe(false);
  expect(await relais(['backup', 'b'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^wrote b, .* sha256 /),
  });
  await deploy('three');
  expect(await answer()).toBe('three6');

  expect((await relais(['restore', 'b', '--data', 'data'])).stderr).toMatch(/restore_not_empty[\s\S]*next: /);
  const restored = await relais(['restore', 'b', '--data', 'other']);
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringMatching(/1 functions with 2 versions/) });
  await stop();

  await start('other', 'secrets.key');
  expect(await answer()).toBe('one6');
  expect((await relais(['version', 'f', '--json'], { key: reader })).stdout).toContain('"currentVersion":1');
  expect((await relais(['rollback', 'f', '2'])).code).toBe(0);
  expect(await answer()).toBe('two6');
  await stop();

  await cp(join(folder, 'other'), join(folder, 'elsewhere'), { recursive: true });
  writeFileSync(join(folder, 'other.key'), `${'ab'.repeat(32)}\n`, { mode: 0o600 });
  await start('elsewhere', 'other.key');
  const withoutKey = await relais(['invoke', 'f']);
  expect(withoutKey.code).not.toBe(0);
  expect(withoutKey.stderr).toMatch(/secrets_key_wrong[\s\S]*next: .*--secrets-key-file/);
}, 120_000);

test('a file that is cut short is refused by name, and leaves nothing', async () => {
  expect((await relais(['backup', 'short'])).code).toBe(0);
  truncateSync(join(folder, 'short'), 1000);
  const refused = await relais(['restore', 'short', '--data', 'never']);
  expect(refused).toMatchObject({
    code: 7,
    stderr: expect.stringMatching(/backup_unusable[\s\S]*ends early[\s\S]*next: /),
  });
  expect(existsSync(join(folder, 'never')) ? readdirSync(join(folder, 'never')) : []).toEqual([]);
  expect((await relais(['restore', 'absent'])).stderr).toMatch(/no_such_file/);
}, 60_000);
