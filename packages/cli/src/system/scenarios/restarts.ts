import { Client, example } from '../client.js';
import { drainEveryWorker } from '../drain-every-worker.js';
import { SteadyLoad } from '../steady-load.js';
import { type Platform, removeData, type Topology } from '../topology.js';
import { eventually } from '../wait.js';

const callsPerSecond = 20;

export function restartScenarios(topology: Topology): void {
  describe('while parts of it restart', () => {
    let platform: Platform;
    let client: Client;
    let load: SteadyLoad;

    beforeAll(async () => {
      platform = await topology.start();
      client = new Client(platform.url);
      // However long a loaded machine takes to start a worker, it is no call's deadline that ends the wait.
      await client.deploy('hello', 'c', example('hello.c'), '&timeoutMs=90000');
      await client.deploy('add', 'js', example('add.js'), '&timeoutMs=90000');
      for (const name of ['hello', 'add']) await client.invoke(name, '{"a":1,"b":2}');
    }, 60_000);

    beforeEach(() => {
      const names = ['hello', 'hello', 'add'];
      const call = (index: number) => ({ path: `/invoke?fn=${names[index % names.length]}`, body: '{"a":1,"b":2}' });
      load = new SteadyLoad({ url: platform.url, call, callsPerSecond });
    });

    afterEach(() => load.stop());

    afterAll(async () => {
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    async function loadGoesOn(): Promise<void> {
      const countThen = load.answers.length;
      await eventually('the load goes on', async () => load.answers.length > countThen + callsPerSecond / 2, 60_000);
    }

    async function everyCallSucceeded(): Promise<void> {
      await load.stop();
      const failed = load.answers.filter(({ status }) => status !== 200);
      expect(new Set(failed.map(({ status, text }) => `${status} ${text.slice(0, 160)}`))).toEqual(new Set());
    }

    test('a restart of each role fails no call that was accepted', async () => {
      await loadGoesOn();
      for (const role of platform.roles) {
        await platform.restart(role);
        await loadGoesOn();
      }
      await everyCallSucceeded();
    }, 300_000);

    test('draining every worker and changing the strategy fails no call', async () => {
      await loadGoesOn();
      await drainEveryWorker(client, platform.workers, 60_000);
      for (const strategy of ['rr', 'fifo']) {
        await client.connect('ClusterService/SetStrategy', { strategy });
        await loadGoesOn();
      }
      await everyCallSucceeded();
    }, 300_000);
  });
}
