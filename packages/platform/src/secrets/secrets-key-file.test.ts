import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretsKeyFile } from './secrets-key-file.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-secrets-key-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const pathOf = (name = 'new/secrets.key') => join(folder, name);

test('there is none until it is made, and then it is the same for everybody', async () => {
  const file = new SecretsKeyFile(pathOf(), '');
  await file.start();
  expect(await file.get()).toBeUndefined();
  const [one, other] = await Promise.all([file.create(), new SecretsKeyFile(pathOf(), '').create()]);
  expect(one).toHaveLength(32);
  expect(other).toEqual(one);
  expect(await new SecretsKeyFile(pathOf(), '').get()).toEqual(one);
});

test('is for its owner alone, in a folder for its owner alone', async () => {
  await new SecretsKeyFile(pathOf(), '').create();
  expect([statSync(pathOf()).mode & 0o777, statSync(pathOf('new')).mode & 0o777]).toEqual([0o600, 0o700]);
});

test('that is there is never replaced', async () => {
  writeFileSync(pathOf('key'), `${'ab'.repeat(32)}\n`, { mode: 0o600 });
  await new SecretsKeyFile(pathOf('key'), '').create();
  expect(readFileSync(pathOf('key'), 'utf8')).toBe(`${'ab'.repeat(32)}\n`);
});

test.each(['ab'.repeat(32), Buffer.alloc(32, 7).toString('base64')])('may be given as %s', async (given) => {
  expect(await new SecretsKeyFile(pathOf(), given).get()).toHaveLength(32);
});

test.each([0o640, 0o604, 0o660, 0o601])('with rights %o is refused at start', async (mode) => {
  writeFileSync(pathOf('key'), 'ab'.repeat(32));
  chmodSync(pathOf('key'), mode);
  await expect(new SecretsKeyFile(pathOf('key'), '').start()).rejects.toMatchObject({
    code: 'failed_precondition',
    fields: { reason: 'secrets_key_exposed' },
  });
});

test.each(['', 'short', 'g'.repeat(64)])('with the content %j is refused at start', async (content) => {
  writeFileSync(pathOf('key'), content, { mode: 0o600 });
  await expect(new SecretsKeyFile(pathOf('key'), '').start()).rejects.toMatchObject({
    fields: { reason: 'secrets_key_unusable' },
  });
});
