import { once } from 'node:events';
import http2 from 'node:http2';
import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import {
  cluster,
  error as edgeError,
  functions,
  health,
  invocation,
  reflection,
  reflectionAlpha,
} from '@relais/contracts/edge';
import { MetricRegistry, RelaisError } from '@relais/kit';
import { type Harness, startGateway } from '../testing/harness.js';

const invokePath = '/relais.v1.InvocationService/Invoke';

let harness: Harness;

beforeEach(async () => {
  harness = await startGateway();
  await fetch(`${harness.url}/deploy?name=hello&lang=c`, { method: 'POST', body: 'x' });
});

afterEach(() => harness.gateway.stop(0));

const grpc = () => createGrpcTransport({ baseUrl: harness.url });

async function post(path: string, body: string, headers: Record<string, string> = {}) {
  const all = { 'content-type': 'application/json', ...headers };
  const answer = await fetch(harness.url + path, { method: 'POST', headers: all, body });
  return { status: answer.status, headers: answer.headers, json: (await answer.json()) as Record<string, unknown> };
}

test('the curl line of the contract answers json for json', async () => {
  const { headers, json, status } = await post(invokePath, '{"function":"hello","json":{"input":"test"}}');
  expect(status).toBe(200);
  expect(json).toEqual({
    json: { input: 'test' },
    invocationId: headers.get('x-relais-invocation-id'),
    durationMs: expect.any(Number),
    timings: expect.objectContaining({ runUs: 3 }),
  });
  expect(headers.get('traceparent')).toMatch(/^00-/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test.each([
  ['json that parses', '"json":{"a":[1,null,"ü"]}', undefined, { json: { a: [1, null, 'ü'] } }],
  ['json that does not parse', '"json":1', 'Hello\n', { text: 'Hello\n' }],
  ['a number too large for a double', '"json":1', '[1e2,-1e400]', { text: '[1e2,-1e400]' }],
  ['one with too many digits', '"json":1', '9'.repeat(310), { text: '9'.repeat(310) }],
  ['numbers with an exponent', '"json":1', '{"e":[1e2,-2.5E-1]}', { json: { e: [100, -0.25] } }],
  ['text', '"text":"hi"', undefined, { text: 'hi' }],
  ['text with output that is not UTF-8', '"text":"hi"', Buffer.from([0xff]), { data: '/w==' }],
  ['data', '"data":"aGk="', undefined, { data: 'aGk=' }],
  ['no payload', '"text":""', 'Hello\n', { text: 'Hello\n' }],
])('the output of %s comes back in its form', async (_what, payload, output, expected) => {
  if (output !== undefined) harness.dispatch.functions.set('hello', () => ({ output }));
  const { json } = await post(invokePath, `{"function":"hello",${payload}}`);
  const { durationMs: _, invocationId: __, timings, ...form } = json;
  expect(timings).toMatchObject({ queuedUs: 1, coldUs: 2, runUs: 3 });
  expect(form).toEqual(expected);
});

test('logs come with the answer', async () => {
  harness.dispatch.functions.set('hello', () => ({ output: '', logs: 'said\n' }));
  expect((await post(invokePath, '{"function":"hello"}')).json).toMatchObject({ logs: 'said\n' });
});

test.each([
  ['malformed JSON', '{"function":', 'invalid_argument', 400],
  ['a field of the wrong type', '{"function":[]}', 'invalid_argument', 400],
  [
    'JSON nested beyond measure',
    `{"function":"hello","json":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    undefined,
    400,
  ],
])('%s is refused in our shape', async (_what, body, code, status) => {
  const answer = await post(invokePath, body);
  expect(answer.status).toBe(status);
  expect(answer.json).toMatchObject({
    code: code ?? 'invalid_argument',
    details: [{ type: 'relais.v1.ErrorDetail', debug: { fault: 'FAULT_CALLER', component: 'gateway' } }],
  });
  expect(answer.headers.get('traceparent')).toMatch(/^00-/);
});

describe('a message that is no protobuf', () => {
  const broken = '{"function":"f1"}';
  const refusal = { code: 'invalid_argument', fault: edgeError.Fault.CALLER, reason: 'malformed_request' };

  test('is invalid_argument over Connect', async () => {
    const answer = await post(invokePath, broken, { 'content-type': 'application/proto' });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      code: 'invalid_argument',
      details: [{ debug: { code: 'invalid_argument', reason: 'malformed_request', fault: 'FAULT_CALLER' } }],
    });
  });

  test.each([
    ['gRPC', (baseUrl: string) => createGrpcTransport({ baseUrl })],
    ['gRPC-Web', (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' })],
  ])('is invalid_argument over %s', async (_protocol, transport) => {
    const { method } = invocation.InvocationService;
    // A field that announces more bytes than there are.
    const cut = create(method.invoke.input);
    cut.$unknown = [{ no: 1, wireType: 2, data: Buffer.from([0x7f]) }];
    const call = transport(harness.url).unary(method.invoke, undefined, undefined, undefined, cut);
    const failure = ConnectError.from(await call.catch((error: unknown) => error));
    expect(failure.code).toBe(Code.InvalidArgument);
    expect(failure.findDetails(edgeError.ErrorDetailSchema)).toMatchObject([refusal]);
  });
});

test('a wrong content type, an unknown procedure and a wrong method say what to do', async () => {
  const wrongType = await post(invokePath, '{}', { 'content-type': 'application/x-www-form-urlencoded' });
  expect([wrongType.status, wrongType.json.code]).toEqual([415, 'invalid_argument']);
  expect(wrongType.json.message).toContain('application/json');
  const unknown = await post('/relais.v1.InvocationService/Nothing', '{}');
  expect([unknown.status, unknown.json.code]).toEqual([404, 'unimplemented']);
  const wrongMethod = await fetch(harness.url + invokePath, { method: 'PUT' });
  expect([wrongMethod.status, ((await wrongMethod.json()) as { code: string }).code]).toEqual([
    405,
    'invalid_argument',
  ]);
});

test('an unknown procedure over gRPC is unimplemented', async () => {
  const service = { ...health.Health, typeName: 'relais.v1.Nothing' } as typeof health.Health;
  const method = { ...health.Health.method.check, parent: service };
  const call = grpc().unary(method, undefined, undefined, undefined, {});
  await expect(call).rejects.toMatchObject({ code: Code.Unimplemented });
});

test('an unknown procedure over gRPC ends with trailers, as strict clients want', async () => {
  const session = http2.connect(harness.url);
  const headers = { 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request({ ':method': 'POST', ':path': '/relais.v1.InvocationService/Nothing', ...headers });
  stream.end(Buffer.from([0, 0, 0, 0, 0]));
  stream.resume();
  const [trailers] = await once(stream, 'trailers');
  expect(trailers['grpc-status']).toBe('12');
  session.destroy();
});

test('a message over its bound is refused with the typed detail over gRPC', async () => {
  const client = createClient(cluster.ClusterService, grpc());
  const failure = await client.setStrategy({ strategy: 'x'.repeat(100_000) }).catch(ConnectError.from);
  expect(failure).toMatchObject({ code: Code.ResourceExhausted });
  const [detail] = (failure as ConnectError).findDetails(edgeError.ErrorDetailSchema);
  expect(detail).toMatchObject({ code: 'resource_exhausted', component: 'gateway' });
});

test('GET answers what has no side effects', async () => {
  const path = `/relais.v1.ClusterService/GetStatus?encoding=json&message=${encodeURIComponent('{}')}`;
  const status = await (await fetch(harness.url + path)).json();
  expect(status).toMatchObject({ version: '0.0.0-test', strategy: 'rr', workersReady: 1 });
});

test("the caller's trace goes on into the job", async () => {
  const traceparent = '00-11111111111111111111111111111111-2222222222222222-01';
  const { headers } = await post(invokePath, '{"function":"hello"}', { traceparent });
  expect(headers.get('traceparent')).toContain('11111111111111111111111111111111');
  expect(harness.dispatch.jobs.at(-1)?.traceparent).toContain('11111111111111111111111111111111');
});

test("the caller's own deadline shortens the job's, and its passing reads as such", async () => {
  harness.dispatch.functions.set('hello', (_work, _job, { signal }) => {
    return new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new RelaisError('cancelled', 'Gone.')));
    });
  });
  const { json } = await post(invokePath, '{"function":"hello"}', { 'connect-timeout-ms': '50' });
  expect(json).toMatchObject({ code: 'deadline_exceeded' });
  expect(harness.dispatch.jobs.at(-1)?.budgetMs).toBeLessThanOrEqual(50);
});

test('a failure names its invocation in the metadata', async () => {
  harness.dispatch.functions.set('hello', () => {
    throw new RelaisError('aborted', 'It threw.', { reason: 'function_failed', component: 'worker' });
  });
  const client = createClient(invocation.InvocationService, grpc());
  const failure = (await client.invoke({ function: 'hello' }).catch(ConnectError.from)) as ConnectError;
  const [detail] = failure.findDetails(edgeError.ErrorDetailSchema);
  expect(failure).toMatchObject({ code: Code.Aborted, rawMessage: 'It threw.' });
  expect(failure.metadata.get('x-relais-invocation-id')).toBe(detail?.invocationId);
  expect(failure.metadata.get('traceparent')).toContain(detail?.traceId);
});

test('the cluster is seen and steered', async () => {
  const client = createClient(
    cluster.ClusterService,
    createConnectTransport({ baseUrl: harness.url, httpVersion: '1.1' }),
  );
  const { workers } = await client.listWorkers({});
  expect(workers).toMatchObject([
    {
      id: 'w1',
      pid: 7,
      slots: 64,
      jobsDone: 3,
      state: cluster.WorkerState.READY,
      attachedAt: { seconds: 1728435600n },
    },
  ]);
  expect(await client.setStrategy({ strategy: 'FIFO' })).toMatchObject({ strategy: 'fifo', previousStrategy: 'rr' });
  await client.drainWorker({ workerId: 'w1' });
  await expect(client.drainWorker({ workerId: 'w9' })).rejects.toMatchObject({ code: Code.NotFound });
  await expect(client.drainWorker({})).rejects.toMatchObject({ code: Code.InvalidArgument });
});

test('a function reads the same as it was deployed', async () => {
  const client = createClient(functions.FunctionService, grpc());
  const { function: deployed } = await client.deployFunction({
    name: 'full',
    lang: 'c',
    source: { case: 'data', value: Buffer.from('source') },
    config: { isolation: functions.Isolation.REUSE, env: { A: 'b' }, memoryMb: 64 },
  });
  const { function: read, isolationCost, source } = await client.getFunction({ function: 'full' });
  expect(isolationCost).toMatchObject({ newUs: 40, resetUs: 9, reuseUs: 0.1, basis: 'build' });
  expect(read).toEqual(deployed);
  expect(read).toMatchObject({
    form: 'program',
    sizeBytes: 6,
    sourceSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    config: { isolation: functions.Isolation.REUSE, env: { A: 'b' }, memoryMb: 64, timeoutMs: 30_000 },
  });
  expect(Buffer.from(source).toString()).toBe('source');
});

describe('a request that is refused before its procedure is called', () => {
  const adminKey = `rlk_${'a'.repeat(32)}`;
  const traceId = '11111111111111111111111111111111';
  const traceparent = `00-${traceId}-2222222222222222-01`;
  const grpcWeb = { 'content-type': 'application/grpc-web+proto' };
  const invoke = 'relais.v1.InvocationService/Invoke';
  const stream = 'relais.v1.InvocationService/InvokeStream';
  const keyed = { 'x-relais-key': adminKey };
  const envelope = (flags: number, text: string) => {
    const head = Buffer.from([flags, 0, 0, 0, 0]);
    head.writeUInt32BE(text.length, 1);
    return Buffer.concat([head, Buffer.from(text)]);
  };

  beforeEach(async () => {
    await harness.gateway.stop(0);
    harness = await startGateway({
      keys: { adminKey },
      metrics: new MetricRegistry(),
      limits: { payloadBytesMax: 1_000 },
    });
  });

  async function told(path: string, body: string | Buffer, headers: Record<string, string>) {
    const all = { 'content-type': 'application/json', traceparent, ...headers };
    const answer = await fetch(`${harness.url}/${path}`, { method: 'POST', headers: all, body });
    return [...answer.headers].join('\n') + (await answer.text());
  }

  const json = { 'content-type': 'application/connect+json', ...keyed };
  const large = `{"function":"${'x'.repeat(200_000)}"}`;
  const limited = 'relais_limits_hit_total{limit="messageBytesMax"} 1';

  test.each<[string, string, string | Buffer, Record<string, string>, string, string]>([
    ['for want of a key', invoke, '{}', {}, invoke, 'unauthenticated'],
    ['for want of a key, over gRPC-Web', invoke, '', grpcWeb, invoke, 'unauthenticated'],
    [
      'for want of a key, as a stream',
      stream,
      '',
      { 'content-type': 'application/connect+json' },
      stream,
      'unauthenticated',
    ],
    ['as malformed', invoke, '{"function":', keyed, invoke, 'invalid_argument'],
    [
      'as malformed, over gRPC-Web',
      invoke,
      envelope(0, '\x0a\x7f'),
      { ...grpcWeb, ...keyed },
      invoke,
      'invalid_argument',
    ],
    ['as malformed, as a stream', stream, envelope(0, '{'), json, stream, 'invalid_argument'],
    ['as too large', invoke, large, keyed, invoke, 'resource_exhausted'],
    ['as unknown', 'relais.v1.No/Such', '{}', keyed, 'unknown', 'unimplemented'],
    ['for its type', invoke, '', { 'content-type': 'text/plain', ...keyed }, invoke, 'invalid_argument'],
  ])('%s, is counted and stays in its trace', async (_why, path, body, headers, route, status) => {
    expect(await told(path, body, headers)).toContain(traceparent);
    const metrics = await (await fetch(`${harness.url}/metrics`, { headers: keyed })).text();
    expect(metrics).toContain(`relais_http_requests_total{route="${route}",status="${status}"} 1\n`);
    expect(metrics.includes(limited)).toBe(status === 'resource_exhausted');
  });
});

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  type Ask = reflection.ServerReflectionRequest['messageRequest'];

  async function ask(messageRequest: Ask) {
    async function* requests() {
      yield { host: 'h', messageRequest } as never;
    }
    const service = version === 'v1' ? reflection.ServerReflection : reflectionAlpha.ServerReflection;
    const client = createClient(service as typeof reflection.ServerReflection, grpc());
    for await (const { messageResponse, originalRequest, validHost } of client.serverReflectionInfo(requests())) {
      expect([validHost, originalRequest?.messageRequest.case]).toEqual(['h', messageRequest.case]);
      return messageResponse;
    }
    throw new Error('no answer');
  }

  test('lists the services', async () => {
    const answer = await ask({ case: 'listServices', value: '' });
    expect(answer).toMatchObject({
      case: 'listServicesResponse',
      value: {
        service: [
          'grpc.health.v1.Health',
          'grpc.reflection.v1.ServerReflection',
          'grpc.reflection.v1alpha.ServerReflection',
          'relais.v1.BackupService',
          'relais.v1.ClusterService',
          'relais.v1.FunctionService',
          'relais.v1.InvocationService',
          'relais.v1.KeyService',
          'relais.v1.SecretService',
          'relais.v1.TraceService',
        ].map((name) => ({ name })),
      },
    });
  });

  test.each([
    ['fileContainingSymbol', 'relais.v1.InvocationService'],
    ['fileContainingSymbol', 'relais.v1.InvocationService.Invoke'],
    ['fileContainingSymbol', 'relais.v1.InvokeRequest.function'],
    ['fileByFilename', 'relais/v1/invocation.proto'],
  ] as const)('answers %s %s with a file that stands on its own', async (how, what) => {
    const answer = await ask({ case: how, value: what });
    const bytes = (answer.value as reflection.FileDescriptorResponse).fileDescriptorProto;
    const file = bytes.map((each) => fromBinary(FileDescriptorProtoSchema, each));
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: file.reverse() }));
    const methods = registry.getService('relais.v1.InvocationService')?.methods.map((each) => each.name);
    expect(methods).toEqual(expect.arrayContaining(['Invoke', 'InvokeStream', 'TailLogs']));
  });

  test('says what it does not have', async () => {
    const missing = { case: 'errorResponse', value: { errorCode: Code.NotFound } };
    expect(await ask({ case: 'fileByFilename', value: 'no.proto' })).toMatchObject(missing);
    expect(await ask({ case: 'fileContainingSymbol', value: 'no.Such' })).toMatchObject(missing);
    expect(await ask({ case: 'allExtensionNumbersOfType', value: 'no.Such' })).toMatchObject(missing);
    const extension = create(reflection.ExtensionRequestSchema, { containingType: 'x', extensionNumber: 1 });
    expect(await ask({ case: 'fileContainingExtension', value: extension })).toMatchObject(missing);
    const known = await ask({ case: 'allExtensionNumbersOfType', value: 'relais.v1.InvokeRequest' });
    expect(known).toMatchObject({ case: 'allExtensionNumbersResponse', value: { extensionNumber: [] } });
  });
});
