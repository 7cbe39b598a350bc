import { type Harness, startGateway } from '../testing/harness.js';

let harness: Harness;
afterEach(() => harness.gateway.stop(0));

interface Answer {
  status: number;
  body: { config?: object; error?: { message: string } };
}

async function send(path: string, body?: string): Promise<Answer> {
  const init = body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } };
  const answer = await fetch(harness.url + path, init);
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

test('a function is stored with what it may reach, whichever door it came by', async () => {
  harness = await startGateway();
  expect((await send('/deploy?name=rest&lang=js&network=allow:API.example.com:443', 'x')).status).toBe(201);
  const config = { network: 'allow:b.example:80,c.example:81' };
  const request = { name: 'connect', lang: 'js', text: 'x', config };
  expect(await send('/relais.v1.FunctionService/DeployFunction', JSON.stringify(request))).toMatchObject({
    status: 200,
    body: { function: { config } },
  });
  expect((await send('/function/rest')).body.config).toMatchObject({ network: 'allow:api.example.com:443' });
  expect((await send('/function/connect')).body.config).toMatchObject(config);
});

test('network=host is refused unless the operator allows it', async () => {
  harness = await startGateway();
  const refused = await send('/deploy?name=f&lang=js&network=host', 'x');
  expect(refused).toMatchObject({ status: 412, body: { error: { reason: 'network_host_refused', fault: 'caller' } } });
  expect(refused.body.error?.message).toContain('--network-host allow');
  await harness.gateway.stop(0);
  harness = await startGateway({ networkHost: true });
  expect((await send('/deploy?name=f&lang=js&network=host', 'x')).status).toBe(201);
});
