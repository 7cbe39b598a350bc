import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Client } from '../client.js';
import { type Platform, removeData, type Topology } from '../topology.js';

const message = { function: 'echo', json: { input: 'test' } };
const grpcurl = findGrpcurl();
const grpcurlTest = grpcurl ? test : test.skip;

export function protocolScenarios(topology: Topology): void {
  describe('speaks Connect, gRPC and gRPC-Web on one port', () => {
    let platform: Platform;
    let client: Client;

    beforeAll(async () => {
      platform = await topology.start();
      client = new Client(platform.url);
      await client.deploy('echo', 'js', 'export default (event) => event');
    }, 60_000);

    afterAll(async () => {
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    test("the contract's curl line", async () => {
      const { status, body } = await client.connect('InvocationService/Invoke', message);
      expect([status, body.json]).toEqual([200, { input: 'test' }]);
    });

    test('a failure over Connect carries code and typed detail', async () => {
      const { status, body } = await client.connect('InvocationService/Invoke', { function: 'nobody' });
      expect([status, body.code]).toEqual([404, 'not_found']);
      expect(body.details).toEqual([expect.objectContaining({ type: 'relais.v1.ErrorDetail' })]);
    });

    test('the fleet can be seen and its strategy changed', async () => {
      const changed = await client.connect('ClusterService/SetStrategy', { strategy: 'RR' });
      expect(changed.body).toMatchObject({ strategy: 'rr', previousStrategy: 'affinity' });
      expect((await client.connect('ClusterService/GetStatus', {})).body).toMatchObject({
        strategy: 'rr',
        workersReady: 4,
      });
      const unknown = await client.connect('ClusterService/SetStrategy', { strategy: 'best' });
      expect(unknown.body).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('fifo') });
      await client.connect('ClusterService/SetStrategy', { strategy: 'affinity' });
    });

    test('gRPC-Web answers with a message and trailers', async () => {
      const invoke = Buffer.concat([
        Buffer.from([0x0a, 4]),
        Buffer.from('echo'),
        Buffer.from([0x1a, 2]),
        Buffer.from('hi'),
      ]);
      const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, invoke.length]), invoke]);
      const response = await fetch(`${platform.url}/relais.v1.InvocationService/Invoke`, {
        method: 'POST',
        headers: { 'content-type': 'application/grpc-web+proto' },
        body: frame,
      });
      const answer = Buffer.from(await response.arrayBuffer()).toString('latin1');
      expect(answer).toContain('hi');
      expect(answer).toContain('grpc-status: 0');
    });

    grpcurlTest(
      'grpcurl lists by reflection and invokes (go install github.com/fullstorydev/grpcurl/cmd/grpcurl)',
      () => {
        const address = platform.url.replace('http://', '');
        const run = (...args: string[]) => execFileSync(grpcurl, ['-plaintext', ...args], { encoding: 'utf8' });
        expect(run(address, 'list').split('\n')).toEqual(
          expect.arrayContaining([
            'grpc.health.v1.Health',
            'relais.v1.BackupService',
            'relais.v1.ClusterService',
            'relais.v1.FunctionService',
            'relais.v1.InvocationService',
            'relais.v1.KeyService',
            'relais.v1.SecretService',
          ]),
        );
        const invoked = run('-d', JSON.stringify(message), address, 'relais.v1.InvocationService/Invoke');
        expect(JSON.parse(invoked)).toMatchObject({ json: { input: 'test' } });
        expect(JSON.parse(run(address, 'grpc.health.v1.Health/Check'))).toEqual({ status: 'SERVING' });
      },
    );
  });
}

function findGrpcurl(): string {
  const onPath = spawnSync('grpcurl', ['-version']).status === 0;
  const installed = join(homedir(), 'go/bin/grpcurl');
  if (onPath) return 'grpcurl';
  return existsSync(installed) ? installed : '';
}
