import { Code, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { health } from '@relais/contracts/edge';
import { type Harness, startGateway, until } from '../testing/harness.js';

const { NOT_SERVING, SERVING } = health.HealthCheckResponse_ServingStatus;

let harness: Harness;

beforeEach(async () => {
  harness = await startGateway();
});

afterEach(() => harness.gateway.stop(0));

const grpc = () => createGrpcTransport({ baseUrl: harness.url });

test('health is the readiness of the platform, for each service and for all', async () => {
  const client = createClient(health.Health, grpc());
  expect((await client.check({})).status).toBe(SERVING);
  expect((await client.check({ service: 'relais.v1.InvocationService' })).status).toBe(SERVING);
  await expect(client.check({ service: 'no.Such' })).rejects.toMatchObject({ code: Code.NotFound });
  harness.fleet.workersReady = 0;
  expect((await client.check({})).status).toBe(NOT_SERVING);
  const { statuses } = await client.list({});
  expect(statuses['relais.v1.FunctionService']?.status).toBe(NOT_SERVING);
});

test('health is asked of the roles once for all who begin to watch', async () => {
  const { fleet } = harness;
  const status = fleet.getStatus();
  let asked = 0;
  fleet.getStatus = () => {
    asked++;
    return status;
  };
  const client = createClient(health.Health, grpc());
  const left = new AbortController();
  const watches = Array.from({ length: 50 }, () => client.watch({}, { signal: left.signal })[Symbol.asyncIterator]());
  const startMs = performance.now();
  const first = await Promise.all(watches.map((watch) => watch.next()));
  expect(first.map(({ value }) => value.status)).toEqual(Array(50).fill(SERVING));
  expect(asked).toBeLessThanOrEqual(1 + (performance.now() - startMs) / 1_000);
  left.abort();
  await Promise.allSettled(watches.map((watch) => watch.next()));
});

test('health is watched until the gateway stops', async () => {
  const client = createClient(health.Health, grpc());
  const seen: number[] = [];
  const watching = (async () => {
    for await (const { status } of client.watch({})) seen.push(status);
  })();
  await until(() => seen.length === 1);
  harness.fleet.workersReady = 0;
  await until(() => seen.length === 2);
  expect(seen).toEqual([SERVING, NOT_SERVING]);
  await Promise.all([harness.gateway.stop(5_000), watching]);
});
