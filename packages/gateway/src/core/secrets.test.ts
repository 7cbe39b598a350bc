import { randomBytes } from 'node:crypto';
import { RelaisError } from '@relais/kit';
import { answerThat, type Harness, startGateway, until } from '../testing/harness.js';

const adminKey = `rlk_${'a'.repeat(32)}`;
let key: Buffer | undefined;
let created: number;
let harness: Harness;

const secretsKey = {
  get: async () => key,
  create: async () => {
    created++;
    key = randomBytes(32);
    return key;
  },
};

beforeEach(async () => {
  key = undefined;
  created = 0;
  harness = await startGateway({ secretsKey, keys: { adminKey } });
});

afterEach(() => harness.gateway.stop(0));

interface Answer {
  status: number;
  body: Record<string, unknown> & { key: string; error: { reason: string; message: string } };
}

async function send(path: string, body: string, apiKey = adminKey): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-relais-key': apiKey };
  const answer = await fetch(harness.url + path, { method: 'POST', body, headers });
  const text = await answer.text();
  return { status: answer.status, body: JSON.parse(text) };
}

const call = (method: string, body: object, apiKey?: string) =>
  send(`/relais.v1.${method}`, JSON.stringify(body), apiKey);
const set = (name: string, value: string, apiKey?: string) => call('SecretService/SetSecret', { name, value }, apiKey);
const deploy = (more: string, apiKey?: string) => send(`/deploy?name=f&lang=js&update=true${more}`, 'x', apiKey);

/** What the function was given on its last call. */
async function given(): Promise<unknown> {
  expect((await send('/invoke?fn=f', '')).status).toBe(200);
  const work = harness.dispatch.jobs.at(-1)?.work;
  return work?.$case === 'invoke' ? work.value.secrets : undefined;
}

test('a function is given the secrets it names, a changed one from the next call on', async () => {
  expect((await set('A', 'first')).body).toMatchObject({ secret: { name: 'A', version: 1 } });
  await set('B', 'other');
  expect((await deploy('&secrets=A,B')).status).toBe(201);
  expect(await given()).toEqual({ A: 'first', B: 'other' });
  expect((await set('A', 'second')).body).toMatchObject({ secret: { version: 2 } });
  expect(await given()).toEqual({ A: 'second', B: 'other' });
  await deploy('&secrets=B');
  expect(await given()).toEqual({ B: 'other' });
  await deploy('');
  expect(await given()).toEqual({});
  expect(created).toBe(1);
});

test('what another gateway changed arrives by the feed', async () => {
  await set('A', 'first');
  await deploy('&secrets=A');
  await given();
  const there = await startGateway({ secretsKey, storage: harness.storage });
  const init = {
    method: 'POST',
    body: '{"name":"A","value":"theirs"}',
    headers: { 'content-type': 'application/json' },
  };
  await fetch(`${there.url}/relais.v1.SecretService/SetSecret`, init);
  await there.gateway.stop(0);
  await until(() => harness.storage.secrets.get('A')?.version === 2);
  await answerThat(given, (secrets) => JSON.stringify(secrets) === '{"A":"theirs"}');
});

test('warm secrets cost no question to storage', async () => {
  await set('A', 'first');
  await deploy('&secrets=A');
  await given();
  const before = harness.storage.secretReads;
  for (let times = 0; times < 5; times++) await given();
  expect(harness.storage.secretReads).toBe(before);
});

test('no answer and nothing in storage holds a value', async () => {
  const answers = [await set('A', 'hunter22'), await deploy('&secrets=A'), await call('SecretService/ListSecrets', {})];
  answers.push(await call('FunctionService/GetFunction', { function: 'f' }));
  const stored = [...harness.storage.secrets.values()].map(({ ciphertext }) => ciphertext.toString('latin1'));
  const told = JSON.stringify([answers, [...harness.storage.secrets.values()], stored, harness.storage.versions]);
  expect(told).not.toMatch(/hunter22|aHVudGVyMjI/);
  expect(answers[2]?.body).toMatchObject({ secrets: [{ name: 'A', version: 1 }] });
  expect(answers[3]?.body).toMatchObject({ function: { config: { secrets: ['A'] } } });
});

test('a secret that is gone fails the call and names itself', async () => {
  await set('A', 'x');
  await deploy('&secrets=A');
  expect((await call('SecretService/DeleteSecret', { name: 'A' })).status).toBe(200);
  const { body, status } = await send('/invoke?fn=f', '');
  expect([status, body.error.reason, body.error.message.includes('A')]).toEqual([412, 'secret_missing', true]);
  expect((await call('SecretService/DeleteSecret', { name: 'A' })).status).toBe(404);
});

test('a deploy that names what is not there is refused', async () => {
  await set('B', 'x');
  const { body, status } = await deploy('&secrets=A');
  expect([status, body.error.reason]).toEqual([412, 'secret_missing']);
  expect(harness.storage.versions).toEqual([]);
});

test('without the key nothing opens, and no new key hides it', async () => {
  await set('A', 'x');
  await deploy('&secrets=A');
  const sealedWith = key;
  await harness.gateway.stop(0);
  harness = await startGateway({ secretsKey, keys: { adminKey }, storage: harness.storage });
  key = undefined;
  expect((await send('/invoke?fn=f', '')).body.error.reason).toBe('secrets_key_missing');
  expect((await set('B', 'x')).status).toBe(400);
  key = randomBytes(32);
  expect((await send('/invoke?fn=f', '')).body.error.reason).toBe('secrets_key_wrong');
  key = sealedWith;
  expect((await send('/invoke?fn=f', '')).status).toBe(200);
  expect(created).toBe(1);
});

test('values that storage swapped between names do not open', async () => {
  await set('A', 'of a');
  await set('B', 'of b');
  await deploy('&secrets=A');
  const [a, b] = [harness.storage.secrets.get('A'), harness.storage.secrets.get('B')];
  if (a && b) harness.storage.secrets.set('A', { ...b, name: 'A' });
  harness.storage.announce('secret/A');
  const { body } = await answerThat(
    () => send('/invoke?fn=f', ''),
    ({ status }) => status !== 200,
  );
  expect(body.error.reason).toBe('secrets_key_wrong');
});

test('of two that change a secret at once both are heard, one after the other', async () => {
  const answers = await Promise.all(['a', 'b', 'c'].map((value) => set('A', value)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(harness.storage.secrets.get('A')?.version).toBe(3);
});

test.each([
  ['1A', 'x', 'bad_secret_name'],
  ['RELAIS_X', 'x', 'bad_secret_name'],
  ['../A', 'x', 'bad_secret_name'],
  ['A', '', 'bad_secret_value'],
  ['A', 'a\0b', 'bad_secret_value'],
  ['A', 'x'.repeat(4_097), 'bad_secret_value'],
])('a secret %s of %j is refused', async (name, value, reason) => {
  const answer = await set(name, value);
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).toContain(reason);
  expect(harness.storage.secrets.size).toBe(0);
});

test('a name in both env and secrets is refused', async () => {
  await set('A', 'x');
  expect((await deploy('&secrets=A&env.A=1')).body.error.reason).toBe('bad_config');
});

test('a key for some functions reaches no secret that its function has not', async () => {
  await set('A', 'x');
  await set('B', 'x');
  const only = { name: 'ci', scopes: ['deploy', 'invoke'], functions: ['f'] };
  const limited = (await call('KeyService/CreateKey', only)).body.key;
  for (const method of ['SetSecret', 'ListSecrets', 'DeleteSecret']) {
    expect((await call(`SecretService/${method}`, { name: 'A', value: 'mine' }, limited)).status).toBe(403);
  }
  expect((await deploy('&secrets=A', limited)).body.error.reason).toBe('function_not_allowed');
  await deploy('&secrets=A');
  expect((await deploy('&secrets=A', limited)).status).toBe(201);
  expect((await deploy('&secrets=A,B', limited)).body.error.reason).toBe('function_not_allowed');
});

test('a key for some functions gives none of them back, by an older version, a secret that was taken away', async () => {
  for (const name of ['A', 'B']) await set(name, 'x');
  const only = { name: 'ci', scopes: ['deploy', 'invoke'], functions: ['f'] };
  const limited = (await call('KeyService/CreateKey', only)).body.key;
  const rollback = (version: number, apiKey?: string) =>
    call('FunctionService/RollbackFunction', { name: 'f', version }, apiKey);
  const takenAway = expect.stringContaining('the secret A');
  for (const secrets of ['&secrets=A', '', '&secrets=B', '&secrets=A,B', '&secrets=B']) await deploy(secrets);
  // 1 and 4 name A, which 5 does not; 0 is the one before the current one.
  for (const version of [1, 4, 0]) {
    expect((await rollback(version, limited)).body).toMatchObject({ code: 'permission_denied', message: takenAway });
  }
  expect((await rollback(9, limited)).status).toBe(404);
  expect(await given()).toEqual({ B: 'x' });
  expect((await rollback(3, limited)).body).toMatchObject({ function: { version: 3 } });
  expect((await rollback(0, limited)).body).toMatchObject({ function: { version: 2 } });
  expect((await rollback(0, limited)).body).toMatchObject({ code: 'permission_denied', message: takenAway });
  expect((await rollback(0)).body).toMatchObject({ function: { version: 1 } });
  expect((await rollback(0, limited)).status).toBe(404);
});

test('a name that looks like the id of a version gets none of its secrets', async () => {
  await set('A', 'x');
  await deploy('&secrets=A');
  const id = harness.storage.versions[0]?.id ?? '';
  const only = { name: 'ci', scopes: ['deploy'], functions: [id] };
  const limited = (await call('KeyService/CreateKey', only)).body.key;
  const { body } = await send(`/deploy?name=${id}&lang=js&update=true&secrets=A`, 'x', limited);
  expect(body.error.reason).toBe('function_not_allowed');
});

test('storage away fails the call and says so', async () => {
  await set('A', 'x');
  await deploy('&secrets=A');
  harness.storage.broken = new RelaisError('unavailable', 'Away.', { component: 'storage' });
  harness.storage.wake();
  const { status } = await answerThat(
    () => send('/invoke?fn=f', ''),
    (answer) => answer.status !== 200,
  );
  expect(status).toBe(503);
});
