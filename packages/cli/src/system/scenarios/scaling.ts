import { Client, example } from '../client.js';
import { invokeTogether } from '../together.js';
import { type Platform, removeData, type Topology } from '../topology.js';
import { eventually } from '../wait.js';

const waitMs = 60_000;

interface WorkerRow {
  readonly id: string;
  readonly languages: readonly string[];
}

interface Decision {
  readonly kind: string;
  readonly subject: string;
  readonly instances?: number;
  readonly decided?: number;
}

export function scalingScenarios(topology: Topology): void {
  describe('that keeps no worker', () => {
    let platform: Platform;
    let client: Client;

    beforeAll(async () => {
      platform = await topology.start({ flags: ['--workers-min', '0', '--workers-idle-ms', '1000'] });
      client = new Client(platform.url);
      await client.deploy('hello', 'c', example('hello.c'), '&timeoutMs=60000');
      await client.deploy('add', 'js', example('add.js'), '&timeoutMs=60000');
    }, 120_000);

    afterAll(async () => {
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    const workers = async () => {
      const { body } = await client.connect('ClusterService/ListWorkers', {});
      return (body.workers as WorkerRow[] | undefined) ?? [];
    };
    const noneIsLeft = () => eventually('all workers have gone', async () => (await workers()).length === 0, waitMs);
    const decisionsOf = async (kind: string) => {
      const { body } = await client.connect('ClusterService/ExplainScale', { limit: 1000 });
      return (body.decisions as Decision[]).filter(
        (decision) => decision.kind === 'workers' && decision.subject.endsWith(kind),
      );
    };

    test('all go when idle, and it is ready all the same and says what it runs', async () => {
      await noneIsLeft();
      expect((await client.send('GET', '/readyz')).status).toBe(200);
      const { body } = await client.send('GET', '/languages');
      const offered = body.languages as { lang: string; available: boolean }[];
      expect(offered.filter(({ lang }) => ['c', 'js'].includes(lang)).map(({ available }) => available)).toEqual([
        true,
        true,
      ]);
    }, 120_000);

    // One that takes long over the first call, as on a slow machine, may get help; it is not ordered with the first.
    test('many first calls at once start one worker of their kind, and each is answered', async () => {
      await noneIsLeft();
      const answers = await Promise.all(await invokeTogether(platform.url, 'hello', Array(200).fill('')));
      expect(new Set(answers.map(({ status, text }) => (status === 200 ? 200 : text)))).toEqual(new Set([200]));
      const now = await workers();
      expect(new Set(now.map(({ languages }) => languages.includes('c')))).toEqual(new Set([true]));
      const [first] = (await decisionsOf('wasm')).filter(
        ({ decided = 0, instances = 0 }) => instances === 0 && decided > 0,
      );
      expect(first?.decided).toBe(1);
    }, 120_000);

    test('a call of a native function and a deploy start a worker of theirs', async () => {
      for (const wakeUp of [
        () => client.invoke('add', '{"a":1,"b":2}'),
        () => client.deploy('hello', 'c', example('hello.c'), '&update=true&timeoutMs=60000'),
      ]) {
        await noneIsLeft();
        expect([200, 201]).toContain((await wakeUp()).status);
        expect((await workers()).map(({ languages }) => languages.includes('js'))).toEqual([true]);
      }
      await noneIsLeft();
      const [down] = await decisionsOf('native');
      expect([down?.instances, down?.decided ?? 0]).toEqual([1, 0]);
    }, 180_000);
  });
}
