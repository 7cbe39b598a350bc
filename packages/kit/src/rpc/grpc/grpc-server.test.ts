import { writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { Client, credentials, loadPackageDefinition, Metadata, type ServiceClientConstructor } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { ArtifactServiceService, ListFunctionsResponse, StorageServiceService } from '@relais/contracts';
import { service as healthService } from 'grpc-health-check';
import { Bench, emptyList, failureOf, listing, until } from '../fixtures.js';
import { GrpcServer } from './grpc-server.js';
import { registration } from './registration.js';

const storage = registration(StorageServiceService, listing(emptyList), 'storage');
const request = { pageSize: 1, afterName: '' };
const budget = { budgetMs: 5_000 };
let bench: Bench;
let clients: Client[];

beforeEach(() => {
  bench = new Bench();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await bench.down();
});

function rawClient(address: string): Client {
  const client = new Client(address, credentials.createInsecure());
  clients.push(client);
  return client;
}

interface HealthAnswer {
  readonly status: string;
}

/** The health answer, or the numeric status of the failure. */
function healthOf(address: string, service: string, metadata = new Metadata()): Promise<string | number> {
  const { requestSerialize, responseDeserialize } = healthService.Check ?? Object.values(healthService)[0] ?? {};
  return new Promise((resolve) => {
    rawClient(address).makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      requestSerialize as (value: object) => Buffer,
      responseDeserialize as (bytes: Buffer) => object,
      { service },
      metadata,
      (error, answer) => resolve(error ? error.code : (answer as HealthAnswer).status),
    );
  });
}

const field = (type: string, id: number) => ({ type, id });

/** The part of the reflection protocol these tests speak. */
function reflectionNamespace(version: string): object {
  const nested = {
    ServerReflection: {
      methods: {
        ServerReflectionInfo: {
          requestType: 'Ask',
          requestStream: true,
          responseType: 'Answer',
          responseStream: true,
        },
      },
    },
    Ask: { fields: { fileContainingSymbol: field('string', 4), listServices: field('string', 7) } },
    Answer: {
      fields: { fileDescriptorResponse: field('Files', 4), listServicesResponse: field('Services', 6) },
    },
    Files: { fields: { fileDescriptorProto: { rule: 'repeated', ...field('bytes', 1) } } },
    Services: { fields: { service: { rule: 'repeated', ...field('Service', 1) } } },
    Service: { fields: { name: field('string', 1) } },
  };
  return { nested: { grpc: { nested: { reflection: { nested: { [version]: { nested } } } } } } };
}

interface ReflectionAnswer {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] };
}

function reflect(address: string, version: string, ask: object): Promise<ReflectionAnswer> {
  const loaded = loadPackageDefinition(fromJSON(reflectionNamespace(version) as never)) as unknown as {
    grpc: { reflection: Record<string, { ServerReflection: ServiceClientConstructor }> };
  };
  const Reflection = loaded.grpc.reflection[version]?.ServerReflection as ServiceClientConstructor;
  const client = new Reflection(address, credentials.createInsecure());
  clients.push(client);
  const call = (
    client as unknown as Record<string, () => NodeJS.EventEmitter & { write(a: object): void; end(): void }>
  ).ServerReflectionInfo?.() as NodeJS.EventEmitter & { write(a: object): void; end(): void };
  return new Promise((resolve, reject) => {
    call.on('data', resolve);
    call.on('error', reject);
    call.write(ask);
    call.end();
  });
}

test.each(['v1', 'v1alpha'])('reflection %s lists what is served and describes it', async (version) => {
  await bench.server({ registrations: [storage] });
  const list = await reflect(bench.address, version, { listServices: '*' });
  expect(list.listServicesResponse?.service.map((one) => one.name)).toEqual(['relais.internal.v1.StorageService']);
  const described = await reflect(bench.address, version, {
    fileContainingSymbol: 'relais.internal.v1.StorageService',
  });
  const bytes = Buffer.concat([...(described.fileDescriptorResponse?.fileDescriptorProto ?? [])]);
  expect(bytes.toString('latin1')).toContain('WaitForChange');
});

test('health is SERVING after start and NOT_SERVING while it drains', async () => {
  const waiting: (() => void)[] = [];
  const slow = listing(() => new Promise((resolve) => waiting.push(() => resolve(ListFunctionsResponse.create()))));
  const server = await bench.server({ registrations: [registration(StorageServiceService, slow, 'storage')] });
  const client = (await bench.channel()).service(StorageServiceService);
  expect(await healthOf(bench.address, '')).toBe('SERVING');
  expect(await healthOf(bench.address, 'relais.internal.v1.StorageService')).toBe('SERVING');
  expect(await healthOf(bench.address, 'relais.v1.Nothing')).toBe(5);
  const watched: string[] = [];
  const { requestSerialize, responseDeserialize } = healthService.Check ?? Object.values(healthService)[0] ?? {};
  const watch = rawClient(bench.address).makeServerStreamRequest(
    '/grpc.health.v1.Health/Watch',
    requestSerialize as (value: object) => Buffer,
    responseDeserialize as (bytes: Buffer) => object,
    { service: '' },
    new Metadata(),
  );
  watch.on('data', (answer: HealthAnswer) => watched.push(answer.status));
  watch.on('error', () => {});
  await until(() => watched.length === 1, 'the first health');
  const underWay = client.listFunctions(request, budget);
  await until(() => waiting.length === 1, 'the call');
  const stopped = server.stop(10_000);
  await until(() => watched.length === 2, 'the second health');
  expect(watched).toEqual(['SERVING', 'NOT_SERVING']);
  watch.cancel();
  waiting[0]?.();
  // A drain lets what is under way finish.
  expect(await underWay).toEqual(ListFunctionsResponse.create());
  await stopped;
  await server.stop(0);
});

test('what is under way when the grace is over is cut, and the peer told so', async () => {
  let arrived = false;
  const stuck = listing(() => {
    arrived = true;
    return new Promise(() => {});
  });
  const server = await bench.server({ registrations: [registration(StorageServiceService, stuck, 'storage')] });
  const client = (await bench.channel()).service(StorageServiceService);
  const failure = failureOf(client.listFunctions(request, { budgetMs: 60_000 }));
  await until(() => arrived, 'the call');
  await server.stop(20);
  expect((await failure).code).toBe('unavailable');
});

test('every call must carry the token', async () => {
  const server = await bench.server({ registrations: [storage], address: '127.0.0.1:0', token: 'right' });
  const address = server.boundAddress;
  const ask = async (token: string | undefined) => {
    const channel = await bench.channel({ address, token });
    return channel.service(StorageServiceService).listFunctions(request, budget);
  };
  expect(await ask('right')).toEqual(ListFunctionsResponse.create());
  for (const token of ['wrong', 'right ', undefined]) {
    const error = await failureOf(ask(token));
    expect([error.code, error.fields.reason]).toEqual(['unauthenticated', 'bad_internal_token']);
  }
  expect(await healthOf(address, '')).toBe(16);
  await expect(reflect(address, 'v1', { listServices: '*' })).rejects.toMatchObject({ code: 16 });
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer right');
  expect(await healthOf(address, '', metadata)).toBe('SERVING');
});

test.each(['0.0.0.0:0', '[::]:0', '192.0.2.1:7000', 'storage.example:7000'])(
  'it does not listen on %s without a token',
  async (address) => {
    const error = await failureOf(bench.server({ address }));
    expect([error.code, error.fields.reason]).toEqual(['failed_precondition', 'token_required']);
  },
);

test('beyond loopback it listens with a token, on the port it names', async () => {
  const server = await bench.server({ address: '0.0.0.0:0', token: 'right', registrations: [storage] });
  expect(server.boundAddress).toMatch(/^0\.0\.0\.0:[1-9]\d*$/);
});

test('a port that is taken is failed_precondition', async () => {
  const server = await bench.server({ address: '127.0.0.1:0' });
  const error = await failureOf(bench.server({ address: server.boundAddress }));
  expect([error.code, error.fields.reason]).toEqual(['failed_precondition', 'address_in_use']);
});

test('a socket is the owner’s alone and goes with the server', async () => {
  const path = `${bench.directory}/new/s.sock`;
  const server = await bench.server({ address: `unix:${path}` });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(`${bench.directory}/new`)).mode & 0o777).toBe(0o700);
  await server.stop(0);
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a stale socket is replaced, a live one and a file are not', async () => {
  const path = `${bench.directory}/s.sock`;
  const first = await bench.server({ registrations: [storage] });
  const taken = await failureOf(bench.server({ registrations: [storage] }));
  expect([taken.code, taken.fields.reason]).toEqual(['failed_precondition', 'address_in_use']);
  expect(await healthOf(bench.address, '')).toBe('SERVING');
  await first.stop(0);
  await leaveStaleSocket(path);
  await bench.server({ registrations: [storage] });
  expect(await healthOf(bench.address, '')).toBe('SERVING');
  writeFileSync(`${bench.directory}/file`, 'precious');
  const file = await failureOf(bench.server({ address: `unix:${bench.directory}/file` }));
  expect([file.code, file.fields.reason]).toEqual(['failed_precondition', 'address_in_use']);
  expect((await stat(`${bench.directory}/file`)).size).toBe(8);
});

/** A socket whose process went without a word: bound elsewhere, moved here, and closed under its old name. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { rename } = await import('node:fs/promises');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.old`, resolve));
  await rename(`${path}.old`, path);
  await new Promise((resolve) => server.close(resolve));
}

test('several services share a server, and a method unknown to it is unimplemented', async () => {
  const artifacts = registration(
    ArtifactServiceService,
    { getVersion: async () => ({ version: undefined, artifact: Buffer.from('a') }) },
    'storage',
  );
  await bench.server({ registrations: [artifacts] });
  const channel = await bench.channel();
  const answer = await channel.service(ArtifactServiceService).getVersion({ id: '' }, budget);
  expect(answer.artifact.toString()).toBe('a');
  const error = await failureOf(channel.service(StorageServiceService).listFunctions(request, budget));
  expect(error.code).toBe('unimplemented');
});

test('metadata beyond its bound does not reach the server', async () => {
  let calls = 0;
  const counting = listing(async () => {
    calls += 1;
    return ListFunctionsResponse.create();
  });
  await bench.server({ registrations: [registration(StorageServiceService, counting, 'storage')] });
  const client = (await bench.channel()).service(StorageServiceService);
  await client.listFunctions(request, { ...budget, traceparent: 'x'.repeat(1_000) });
  const error = await failureOf(client.listFunctions(request, { ...budget, traceparent: 'x'.repeat(400_000) }));
  expect([error.fault, calls]).toEqual(['platform', 1]);
});

test('stopping what never started does nothing', async () => {
  const server = new GrpcServer({
    name: 'storage',
    address: bench.address,
    registrations: [],
    descriptorSet: Buffer.alloc(0),
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  await expect(server.stop(1_000)).resolves.toBeUndefined();
});
