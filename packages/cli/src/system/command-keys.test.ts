import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RoleProcess, startRelais } from './role-process.js';
import { type CommandResult, runRelais } from './run-relais.js';

const adminKey = `rlk_${'command-test'.repeat(4)}`;
let folder: string;
let platform: RoleProcess;
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'relais-command-keys-'));
  const data = ['--data', join(folder, 'data'), '--secrets-key-file', join(folder, 'secrets.key')];
  platform = await startRelais(['--port', '0', '--workers', '2', '--keys', 'on', '--admin-key', adminKey, ...data]);
  url = /http:\/\/\S+/.exec(platform.ready)?.[0] ?? '';
}, 120_000);

afterAll(async () => {
  platform.signal('SIGTERM');
  await platform.exited;
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Runs a command with a key, and with something on standard input. */
function relais(key: string | undefined, args: readonly string[], stdin = ''): Promise<CommandResult> {
  const env = { RELAIS_URL: url, ...(key ? { RELAIS_KEY: key } : {}) };
  return runRelais(args, { cwd: folder, env, stdin });
}

test('keys open what they are for, until they are revoked', async () => {
  for (const [key, reason] of [
    [undefined, 'key_missing'],
    [`rlk_${'0'.repeat(48)}`, 'key_'],
  ] as const) {
    const refused = await relais(key, ['ls']);
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(new RegExp(`unauthenticated \\(${reason}[\\s\\S]*next: .*RELAIS_KEY`));
  }
  expect((await relais(adminKey, ['key', 'create', 'x'])).stderr).toMatch(/wrong_use[\s\S]*--scope/);
  const made = JSON.parse((await relais(adminKey, ['key', 'create', 'reader', '--scope', 'read', '--json'])).stdout);
  expect(await relais(made.key, ['ls', '--names'])).toMatchObject({ code: 0, stdout: '' });
  const refused = await relais(made.key, ['key', 'ls']);
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringMatching(/permission_denied \(scope_missing\)/) });
  expect((await relais(adminKey, ['key', 'ls'])).stdout).toMatch(new RegExp(`^${made.id} +reader +read +all`, 'm'));
  expect((await relais(adminKey, ['key', 'revoke', made.id])).code).toBe(0);
  expect((await relais(adminKey, ['key', 'ls', '--json'])).stdout).toContain('"keys":[]');
}, 120_000);

test('a secret reaches the function that names it, and no answer of ours', async () => {
  const value = 'sesame-street-4711';
  expect((await relais(adminKey, ['secret', 'set', 'DOOR'])).stderr).toMatch(/wrong_use/);
  expect(await relais(adminKey, ['secret', 'set', 'DOOR'], `${value}\n`)).toMatchObject({ code: 0 });
  writeFileSync(join(folder, 'door.js'), 'export default () => process.env.DOOR.length;\n');
  const deployed = await relais(adminKey, ['deploy', 'door.js', '--secret', 'DOOR']);
  expect(deployed.code).toBe(0);
  expect((await relais(adminKey, ['invoke', 'door'])).stdout).toBe(String(value.length));
  const listed = await relais(adminKey, ['secret', 'ls']);
  expect(listed.stdout).toMatch(/^DOOR +1 /m);
  const shown = await relais(adminKey, ['get', 'door', '--json']);
  expect(JSON.parse(shown.stdout)).toMatchObject({ config: { secrets: ['DOOR'] } });
  expect(deployed.stdout + listed.stdout + shown.stdout).not.toContain(value);
  expect((await relais(adminKey, ['secret', 'rm', 'DOOR'])).code).toBe(0);
  expect((await relais(adminKey, ['invoke', 'door'])).stderr).toMatch(/secret_missing[\s\S]*relais secret set/);
}, 120_000);
