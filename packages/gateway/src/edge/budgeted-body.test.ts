import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { reflection } from '@relais/contracts/edge';
import { type Harness, startGateway } from '../testing/harness.js';

let harness: Harness;

afterEach(() => harness.gateway.stop(0));

test('a stream of small messages is not held to the budget', async () => {
  harness = await startGateway({ limits: { bodyBytesInFlightMax: 1_000 } });
  const client = createClient(reflection.ServerReflection, createGrpcTransport({ baseUrl: harness.url }));
  async function* questions() {
    for (let asked = 0; asked < 10; asked++) {
      yield { messageRequest: { case: 'fileContainingSymbol', value: 'x'.repeat(200) } as const };
    }
  }
  let answers = 0;
  for await (const _ of client.serverReflectionInfo(questions())) answers++;
  expect(answers).toBe(10);
});
