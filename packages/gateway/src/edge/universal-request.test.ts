import { RelaisError } from '@relais/kit';
import { type Harness, startGateway, until } from '../testing/harness.js';

let harness: Harness;

beforeEach(async () => {
  harness = await startGateway();
  await fetch(`${harness.url}/deploy?name=f&lang=js`, { method: 'POST', body: 'x' });
  // Longer than the timer of a deadline that overflows, which fires after a millisecond.
  harness.dispatch.functions.set('f', async (_work, _job, { signal }) => {
    const startMs = performance.now();
    await until(() => signal?.aborted || performance.now() - startMs > 50);
    if (signal?.aborted) throw new RelaisError('cancelled', 'The caller is gone.');
    return { output: 'done' };
  });
});

afterEach(() => harness.gateway.stop(0));

/** What a stream is answered, as text. */
async function answerTo(headers: Record<string, string>): Promise<string> {
  const message = '{"function":"f","text":""}';
  const body = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), Buffer.from(message)]);
  const path = `${harness.url}/relais.v1.InvocationService/InvokeStream`;
  return (await fetch(path, { method: 'POST', headers, body })).text();
}

const grpcWeb = { 'content-type': 'application/grpc-web+json' };
const connect = { 'content-type': 'application/connect+json' };

test.each([
  ['grpc-timeout', '597H', grpcWeb],
  ['grpc-timeout', '99999999H', grpcWeb],
  ['grpc-timeout', '35792M', grpcWeb],
  ['grpc-timeout', '2147484S', grpcWeb],
  ['connect-timeout-ms', '2147483648', connect],
  ['connect-timeout-ms', '9999999999', connect],
])('%s: %s is no deadline, and the call goes on to its end', async (name, value, headers) => {
  const text = await answerTo({ ...headers, [name]: value });
  expect(text).toContain('"end":');
  expect(text).not.toMatch(/deadline_exceeded|grpc-status: 4/);
});

test.each([
  ['grpc-timeout', '1m', grpcWeb],
  ['connect-timeout-ms', '1', connect],
])('%s: %s is one', async (name, value, headers) => {
  expect(await answerTo({ ...headers, [name]: value })).toMatch(/deadline_exceeded|grpc-status: 4/);
});

test.each([
  ['grpc-timeout', '999999999H', grpcWeb],
  ['connect-timeout-ms', '99999999999', connect],
])('%s: %s is refused as malformed', async (name, value, headers) => {
  expect(await answerTo({ ...headers, [name]: value })).toMatch(/invalid_argument|grpc-status: 3/);
});
