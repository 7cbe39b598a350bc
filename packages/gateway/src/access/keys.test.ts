import http2 from 'node:http2';
import { ScaleDecision } from '@relais/contracts';
import { cluster, keys } from '@relais/contracts/edge';
import { ManualClock, RelaisError, systemClock } from '@relais/kit';
import type { Door, DoorFailure } from '../testing/door.js';
import { allDoors } from '../testing/doors.js';
import { answerThat, type Harness, startGateway, until } from '../testing/harness.js';
import { MemoryStorage } from '../testing/memory-storage.js';

const adminKey = `rlk_${'a'.repeat(32)}`;
const doorNames = allDoors('http://127.0.0.1:1').map((door) => door.name);
let harness: Harness;

beforeEach(async () => {
  harness = await startGateway({ keys: { adminKey } });
});

afterEach(() => harness.gateway.stop(0));

function door(name: string, key?: string): Door {
  return allDoors(harness.url, key).find((each) => each.name === name) as Door;
}

interface Called {
  status: number;
  headers: Headers;
  body: {
    key: string;
    details: { id: string };
    keys: { id: string }[];
    decisions: object[];
    error: DoorFailure;
    output: string;
  };
}

async function call(method: string, path: string, key?: string, body?: object): Promise<Called> {
  const headers = { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) };
  const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
  const answer = await fetch(harness.url + path, init);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text.startsWith('{') ? JSON.parse(text) : {} };
}

const keyService = (method: string, body: object, key = adminKey) =>
  call('POST', `/${keys.KeyService.typeName}/${method}`, key, body);

async function newKey(more: object): Promise<string> {
  return (await keyService('CreateKey', { name: 'test', ...more })).body.key;
}

const actions: Record<string, (door: Door) => Promise<unknown>> = {
  deploy: (door) => door.deploy({ name: 'f', lang: 'js', source: 'x', update: true }),
  invoke: (door) => door.invoke('f', 'x'),
  get: (door) => door.get('f'),
  list: (door) => door.list(10, ''),
  languages: (door) => door.languages(),
  delete: (door) => door.delete('f'),
};

/** What became of each action: "ok", or the reason it was refused for. */
async function outcomes(door: Door): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const [name, act] of Object.entries(actions)) {
    seen[name] = await act(door).then(
      () => 'ok',
      ({ code, reason }: DoorFailure) => `${code} ${reason}`,
    );
  }
  return seen;
}

const every = (outcome: string) => Object.fromEntries(Object.keys(actions).map((name) => [name, outcome]));
const denied = 'permission_denied scope_missing';

describe.each(doorNames)('%s', (name) => {
  beforeEach(() => door(name, adminKey).deploy({ name: 'f', lang: 'js', source: 'x' }));

  test.each([
    ['no key', undefined, every('unauthenticated key_missing')],
    ['an unknown key', `rlk_${'0'.repeat(16)}_${'A'.repeat(43)}`, every('unauthenticated key_unknown')],
    ['another admin key', `${adminKey}a`, every('unauthenticated key_unknown')],
    ['something else', 'letmein', every('unauthenticated key_unknown')],
    ['the admin key', adminKey, every('ok')],
  ])('%s', async (_what, key, expected) => {
    expect(await outcomes(door(name, key))).toEqual(expected);
  });

  test.each([
    [['admin'], {}],
    [['deploy'], { invoke: denied }],
    [['invoke'], { deploy: denied, get: denied, list: denied, delete: denied }],
    [['read'], { deploy: denied, invoke: denied, delete: denied }],
    [['read', 'invoke'], { deploy: denied, delete: denied }],
  ])('a key with the scopes %j', async (scopes, refusals) => {
    expect(await outcomes(door(name, await newKey({ scopes })))).toEqual({ ...every('ok'), ...refusals });
  });

  test('a key for some functions touches and sees no other, existing or not', async () => {
    await door(name, adminKey).deploy({ name: 'mine', lang: 'js', source: 'x' });
    const only = door(name, await newKey({ scopes: ['deploy', 'invoke'], functions: ['mine'] }));
    const no = 'permission_denied function_not_allowed';
    expect(await outcomes(only)).toEqual({ deploy: no, invoke: no, get: no, list: 'ok', languages: 'ok', delete: no });
    for (const reference of ['nobody', 'f@1', 'f_1728435600', 'mine2']) {
      await expect(only.invoke(reference, '')).rejects.toMatchObject({ reason: 'function_not_allowed' });
    }
    expect((await only.list(10, '')).names).toEqual(['mine']);
    expect(await only.invoke('mine@1', 'x')).toBe('x');
    expect(harness.storage.versions.map((version) => version.name)).toEqual(['f', 'mine']);
  });

  test('a key for a function whose name looks like an id is good for it, and not for the id', async () => {
    const [lookalike, id] = ['g_1700000000', 'f_1728435600'];
    await door(name, adminKey).deploy({ name: lookalike, lang: 'js', source: 'x' });
    const only = door(name, await newKey({ scopes: ['read', 'invoke'], functions: [lookalike, id] }));
    expect(await only.invoke(lookalike, 'x')).toBe('x');
    expect((await only.list(10, '')).names).toEqual([lookalike]);
    await expect(only.invoke(id, '')).rejects.toMatchObject({ reason: 'function_not_allowed' });
  });

  test('a key for some functions pages through them, and no token names another', async () => {
    for (const each of ['a', 'b', 'c', 'd', 'e']) {
      await door(name, adminKey).deploy({ name: each, lang: 'js', source: 'x' });
    }
    const only = door(name, await newKey({ scopes: ['read'], functions: ['d', 'nobody', 'b'] }));
    const first = await only.list(1, '');
    expect([first.names, Buffer.from(first.nextPageToken, 'base64url').toString()]).toEqual([['b'], 'b']);
    expect(await only.list(1, first.nextPageToken)).toEqual({ names: ['d'], nextPageToken: '' });
  });

  test('a build says whose it is, by the id of the key', async () => {
    const key = await newKey({ scopes: ['deploy'] });
    await door(name, key).deploy({ name: 'built', lang: 'js', source: 'x' });
    const callers = harness.dispatch.jobs.map(({ work }) => work?.$case === 'build' && work.value.caller);
    expect(callers).toEqual(['f', key.slice(4, 20)]);
  });

  test('a revoked key opens nothing', async () => {
    const key = await newKey({ scopes: ['read'] });
    expect((await door(name, key).list(10, '')).names).toEqual(['f']);
    await keyService('RevokeKey', { id: key.slice(4, 20) });
    await expect(door(name, key).list(10, '')).rejects.toMatchObject({
      code: 'unauthenticated',
      reason: 'key_unknown',
    });
  });

  test('storage away while keys must be asked for is no reason to let anybody in', async () => {
    const key = await newKey({ scopes: ['invoke'] });
    await door(name, key).invoke('f', 'x');
    harness.storage.broken = new RelaisError('unavailable', 'Away.', { component: 'storage' });
    harness.storage.wake();
    const failed = () =>
      door(name, key)
        .invoke('f', 'x')
        .then(
          () => '',
          ({ code }: DoorFailure) => code,
        );
    expect(await answerThat(failed, (code) => code !== '')).toBe('unavailable');
  });
});

test('a key is shown once, and what is kept of it does not make it', async () => {
  const { body } = await keyService('CreateKey', { name: 'ci', scopes: ['read', 'invoke'], ratePerS: 2.5 });
  expect(body.key).toMatch(new RegExp(`^rlk_${body.details.id}_[A-Za-z0-9_-]{43}$`));
  const listed = await keyService('ListKeys', {});
  expect(listed.body.keys).toMatchObject([{ name: 'ci', scopes: ['invoke', 'read'], ratePerS: 2.5 }]);
  expect(JSON.stringify(listed.body)).not.toContain(body.key.slice(21));
  const [record] = harness.storage.keys.values();
  expect(record?.sha256).toHaveLength(32);
  expect(JSON.stringify(record)).not.toContain(body.key.slice(21));
});

test.each([
  [{ scopes: [] }],
  [{ scopes: ['root'] }],
  [{ scopes: ['read'], name: '' }],
  [{ scopes: ['read'], name: '\u001b[2J' }],
  [{ scopes: ['read'], functions: ['../x'] }],
  [{ scopes: ['admin'], functions: ['f'] }],
  [{ scopes: ['read'], ratePerS: -1 }],
  [{ scopes: ['read'], ratePerS: 'NaN' }],
])('a key like %j is refused', async (more) => {
  expect((await keyService('CreateKey', { name: 'test', ...more })).status).toBe(400);
  expect(harness.storage.keys.size).toBe(0);
});

test('a key for some functions is told of no decision about another', async () => {
  const decided = (kind: string, subject: string) => ScaleDecision.fromPartial({ kind, subject });
  harness.fleet.decisions = [decided('function', 'f'), decided('workers', 'f'), decided('function', 'mine')];
  const key = await newKey({ scopes: ['read'], functions: ['mine'] });
  const path = `/${cluster.ClusterService.typeName}/ExplainScale`;
  const { body } = await call('POST', path, key, {});
  expect(body).toEqual({
    decisions: [
      { kind: 'workers', subject: 'f' },
      { kind: 'function', subject: 'mine' },
    ],
  });
  expect((await call('POST', path, key, { limit: 1 })).body.decisions).toEqual([{ kind: 'workers', subject: 'f' }]);
  expect((await call('POST', path, adminKey, {})).body).toMatchObject({ decisions: [{ subject: 'f' }, {}, {}] });
});

test('as many decisions as a key for some functions asks for are about what it may see', async () => {
  const decided = (subject: string) => ScaleDecision.fromPartial({ kind: 'function', subject });
  harness.fleet.decisions = [...Array(60).fill(decided('f')), ...Array(60).fill(decided('mine'))];
  const key = await newKey({ scopes: ['read'], functions: ['mine'] });
  const path = `/${cluster.ClusterService.typeName}/ExplainScale`;
  const told = async (limit: number) => (await call('POST', path, key, { limit })).body.decisions.length;
  expect([await told(0), await told(10), await told(1000)]).toEqual([50, 10, 60]);
});

test('a key for some functions does not see metrics, which name them all', async () => {
  const { body, status } = await call('GET', '/metrics', await newKey({ scopes: ['read'], functions: ['mine'] }));
  expect([status, body.error.reason]).toEqual([403, 'function_not_allowed']);
  expect((await call('GET', '/metrics', await newKey({ scopes: ['read'] }))).status).toBe(200);
});

test('only an admin key makes, lists and revokes keys', async () => {
  const key = await newKey({ scopes: ['deploy', 'invoke', 'read'] });
  for (const method of ['CreateKey', 'ListKeys', 'RevokeKey', 'Nothing']) {
    expect([method, (await keyService(method, {}, key)).status]).toEqual([method, 403]);
  }
});

test('what says nothing needs no key, what is not there needs one', async () => {
  for (const path of ['/healthz', '/readyz', '/']) expect((await call('GET', path)).status).toBe(200);
  expect((await call('POST', '/grpc.health.v1.Health/Check', undefined, {})).status).toBe(200);
  const { body, headers, status } = await call('GET', '/nothing');
  expect([status, body.error.reason, headers.get('www-authenticate')]).toEqual([
    401,
    'key_missing',
    'Bearer realm="relais"',
  ]);
  expect((await call('GET', '/nothing', adminKey)).status).toBe(404);
});

describe('an HTTP trigger', () => {
  beforeEach(async () => {
    for (const [name, auth] of [
      ['closed', ''],
      ['asking', '&auth=key'],
      ['open', '&auth=public'],
    ]) {
      await call('POST', `/deploy?name=${name}&lang=js${auth}`, adminKey, {});
    }
  });

  test('needs a key with the scope invoke, unless its function is public', async () => {
    const invoke = await newKey({ scopes: ['invoke'] });
    const read = await newKey({ scopes: ['read'] });
    const statuses: Record<string, number[]> = {};
    for (const name of ['closed', 'asking', 'open', 'nobody']) {
      statuses[name] = [];
      for (const key of [undefined, read, invoke]) statuses[name].push((await call('GET', `/fn/${name}`, key)).status);
    }
    expect(statuses).toEqual({
      closed: [401, 403, 200],
      asking: [401, 403, 200],
      open: [200, 200, 200],
      nobody: [401, 403, 404],
    });
  });

  test('of a public function needs none however its name is encoded', async () => {
    const statuses: number[] = [];
    for (const reference of ['open@1', 'open%401', '%6fpen', 'closed%401', 'open%zz']) {
      statuses.push((await call('GET', `/fn/${reference}`)).status);
    }
    expect(statuses).toEqual([200, 200, 200, 401, 401]);
    expect((await call('GET', '/fn/open%zz', adminKey)).body.error).toMatchObject({ reason: 'bad_encoding' });
  });

  test('does not let its function see the key', async () => {
    const seen: string[] = [];
    harness.dispatch.functions.set('open', ({ http }) => {
      seen.push(JSON.stringify(http?.headers));
      return { output: '' };
    });
    const key = await newKey({ scopes: ['invoke'] });
    const given = [
      { authorization: `Bearer ${key}` },
      { authorization: `bearer  ${adminKey}` },
      { 'x-relais-key': key },
      { authorization: 'Bearer its-own' },
    ];
    for (const headers of given) await fetch(`${harness.url}/fn/open`, { headers });
    expect(seen.map((text) => text.includes('rlk_'))).toEqual([false, false, false, false]);
    expect(seen[3]).toContain('Bearer its-own');
  });

  test('of a function that allows an origin answers a browser that asks before it has a key', async () => {
    await call('POST', '/deploy?name=shared&lang=js&cors=https://app.example', adminKey, {});
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const asked = await fetch(`${harness.url}/fn/shared`, { method: 'OPTIONS', headers });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, 'https://app.example']);
    const sent = await fetch(`${harness.url}/fn/shared`, {
      method: 'POST',
      headers: { origin: 'https://app.example' },
    });
    expect(sent.status).toBe(401);
  });
});

describe('a limit of a key', () => {
  test('on its rate is 429 with the moment to come again, and others are served', async () => {
    const clock = new ManualClock();
    const held = { ...systemClock, nowMs: () => clock.nowMs() };
    await harness.gateway.stop(0);
    harness = await startGateway({ keys: { adminKey }, clock: held });
    const key = await newKey({ scopes: ['read'], ratePerS: 0.25 });
    expect((await call('GET', '/functions', key)).status).toBe(200);
    clock.advance(500);
    const { body, headers, status } = await call('GET', '/functions', key);
    expect([status, headers.get('retry-after'), body.error]).toMatchObject([
      429,
      '4',
      { code: 'resource_exhausted', reason: 'rate_limit', retryAfterMs: 3_500 },
    ]);
    expect((await call('GET', '/functions', await newKey({ scopes: ['read'] }))).status).toBe(200);
    clock.advance(3_500);
    expect((await call('GET', '/functions', key)).status).toBe(200);
  });

  test('on what is under way is 429 until one of them is over', async () => {
    await call('POST', '/deploy?name=slow&lang=js', adminKey, {});
    const ends: (() => void)[] = [];
    harness.dispatch.functions.set('slow', () => new Promise((resolve) => ends.push(() => resolve({ output: '' }))));
    const key = await newKey({ scopes: ['invoke'], concurrency: 2 });
    const first = call('POST', '/invoke?fn=slow', key);
    const gone = new AbortController();
    const second = fetch(`${harness.url}/invoke?fn=slow`, {
      method: 'POST',
      headers: { 'x-relais-key': key },
      signal: gone.signal,
    }).catch(() => 'gone');
    await until(() => ends.length === 2);
    const { body, headers, status } = await call('POST', '/invoke?fn=slow', key);
    expect([status, body.error.reason]).toEqual([429, 'concurrency_limit']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    gone.abort();
    expect(await second).toBe('gone');
    const third = await answerThat(
      () => call('GET', '/languages', key),
      (answer) => answer.status !== 429,
    );
    expect(third.status).toBe(200);
    ends[0]?.();
    expect((await first).status).toBe(200);
  });

  test('holds nothing for a caller that left before its key was found', async () => {
    await call('POST', '/deploy?name=f&lang=js', adminKey, {});
    const { storage } = harness;
    storage.listKeys = () => Promise.reject(new RelaisError('unavailable', 'Away.'));
    const key = await newKey({ scopes: ['invoke'], concurrency: 1 });
    const found: (() => void)[] = [];
    storage.getKey = async (request) => {
      await new Promise<void>((resolve) => found.push(resolve));
      return MemoryStorage.prototype.getKey.call(storage, request);
    };
    const session = http2.connect(harness.url);
    const stream = session.request({ ':method': 'POST', ':path': '/invoke?fn=f', 'x-relais-key': key });
    await until(() => found.length === 1);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    // Its answer comes when the end of the stream has been seen.
    await new Promise((resolve) => session.ping(resolve));
    Reflect.deleteProperty(storage, 'getKey');
    found[0]?.();
    expect((await call('POST', '/invoke?fn=f', key)).status).toBe(200);
    session.destroy();
  });
});

test('without keys nothing asks for one', async () => {
  const open = await startGateway();
  expect((await fetch(`${open.url}/functions`)).status).toBe(200);
  await open.gateway.stop(0);
});
