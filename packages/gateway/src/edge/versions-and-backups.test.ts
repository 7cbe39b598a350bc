import { createHash } from 'node:crypto';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { backup, functions } from '@relais/contracts/edge';
import { RelaisError } from '@relais/kit';
import { type Harness, startGateway } from '../testing/harness.js';

const adminKey = `rlk_${'a'.repeat(32)}`;
let harness: Harness;

afterEach(() => harness.gateway.stop(0));

async function began(options: Parameters<typeof startGateway>[0] = {}) {
  harness = await startGateway(options);
  return transportsOf(harness.url);
}

function transportsOf(baseUrl: string, key?: string): Transport[] {
  const interceptors = key
    ? [
        (next: (request: never) => never) => (request: { header: Headers }) => {
          request.header.set('authorization', `Bearer ${key}`);
          return next(request as never);
        },
      ]
    : [];
  const options = { baseUrl, interceptors: interceptors as never };
  return [createConnectTransport({ ...options, httpVersion: '1.1' }), createGrpcTransport(options)];
}

const caught = (work: Promise<unknown>) => work.then(() => undefined, ConnectError.from);

async function deploy(name: string, count: number): Promise<void> {
  for (let version = 1; version <= count; version++) {
    await fetch(`${harness.url}/deploy?name=${name}&lang=js`, { method: 'PUT', body: `source ${version}` });
  }
}

test('a rollback is what the very next call and every reader sees', async () => {
  for (const transport of await began()) {
    const client = createClient(functions.FunctionService, transport);
    await client.deleteFunction({ name: 'f' }).catch(() => undefined);
    await deploy('f', 3);
    await fetch(`${harness.url}/invoke?fn=f`, { method: 'POST' });
    expect(await client.rollbackFunction({ name: 'f' })).toMatchObject({
      function: { version: 2 },
      previousVersion: 3,
    });
    expect(await client.rollbackFunction({ name: 'f', version: 1 })).toMatchObject({ function: { version: 1 } });
    await fetch(`${harness.url}/invoke?fn=f`, { method: 'POST' });
    const work = harness.dispatch.jobs.at(-1)?.work;
    const first = await client.getFunction({ function: 'f@1' });
    expect(work?.$case === 'invoke' && work.value.functionId).toBe(first.function?.id);
    expect(Buffer.from((await client.getFunction({ function: 'f' })).source).toString()).toBe('source 1');
    expect(await client.listVersions({ name: 'f', pageSize: 2 })).toMatchObject({
      versions: [{ version: 1 }, { version: 2 }],
      nextPageToken: '2',
      currentVersion: 1,
    });
    expect(await client.listVersions({ name: 'f', pageToken: '2' })).toMatchObject({
      versions: [{ version: 3 }],
      nextPageToken: '',
    });
  }
});

test.each<[code: Code, request: object]>([
  [Code.NotFound, { name: 'nobody' }],
  [Code.NotFound, { name: 'f', version: 9 }],
  [Code.InvalidArgument, { name: 'f@1' }],
])('a rollback is refused with code %i for %j', async (code, request) => {
  const [transport] = await began();
  await deploy('f', 1);
  const client = createClient(functions.FunctionService, transport as Transport);
  expect((await caught(client.rollbackFunction(request)))?.code).toBe(code);
});

test.each([{ pageSize: 1001 }, { pageToken: 'x' }, { pageToken: '-1' }])('%j lists no versions', async (request) => {
  const [transport] = await began();
  const client = createClient(functions.FunctionService, transport as Transport);
  expect((await caught(client.listVersions({ name: 'f', ...request })))?.code).toBe(Code.InvalidArgument);
});

async function copy(transport: Transport) {
  const parts: Buffer[] = [];
  let end: object | undefined;
  for await (const { part } of createClient(backup.BackupService, transport).readBackup({})) {
    if (part.case === 'data') parts.push(Buffer.from(part.value));
    if (part.case === 'end') end = part.value;
  }
  return { parts, bytes: Buffer.concat(parts), end };
}

test('a backup comes whole, in pieces of a bounded size, and says what it comes to', async () => {
  const transports = await began();
  harness.storage.backup = [Buffer.alloc(2_500_000, 'a'), Buffer.alloc(0), Buffer.from('end')];
  const whole = Buffer.concat(harness.storage.backup);
  for (const transport of transports) {
    const { bytes, end, parts } = await copy(transport);
    expect(bytes.equals(whole)).toBe(true);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(1024 * 1024);
    expect(end).toMatchObject({ sizeBytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') });
  }
});

test('a backup that storage cannot go on with has no end', async () => {
  const [transport] = await began();
  harness.storage.broken = new RelaisError('internal', 'Damaged.', { reason: 'record_corrupt', component: 'storage' });
  expect((await caught(copy(transport as Transport)))?.code).toBe(Code.Internal);
});

test('where keys are asked for a backup needs admin, a rollback deploy', async () => {
  await began({ keys: { adminKey } });
  const make = async (scope: string) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` };
    const body = JSON.stringify({ name: scope, scopes: [scope] });
    const answer = await fetch(`${harness.url}/relais.v1.KeyService/CreateKey`, { method: 'POST', headers, body });
    return ((await answer.json()) as { key: string }).key;
  };
  harness.storage.backup = [Buffer.from('x')];
  const outcome = async (key: string | undefined, use: (transport: Transport) => Promise<unknown>) => {
    const codes = [];
    for (const transport of transportsOf(harness.url, key)) codes.push((await caught(use(transport)))?.code);
    return codes;
  };
  const rollback = (transport: Transport) =>
    createClient(functions.FunctionService, transport).rollbackFunction({ name: 'nobody' });
  const both = (code: Code | undefined) => [code, code];
  const [reader, deployer] = [await make('read'), await make('deploy')];
  for (const key of [reader, deployer]) expect(await outcome(key, copy)).toEqual(both(Code.PermissionDenied));
  expect(await outcome(undefined, copy)).toEqual(both(Code.Unauthenticated));
  expect(await outcome(adminKey, copy)).toEqual(both(undefined));
  expect(await outcome(reader, rollback)).toEqual(both(Code.PermissionDenied));
  expect(await outcome(deployer, rollback)).toEqual(both(Code.NotFound));
});
