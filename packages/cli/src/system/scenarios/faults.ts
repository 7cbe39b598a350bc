import { setTimeout } from 'node:timers/promises';
import { type Answer, Client } from '../client.js';
import { cpuTicks, loopingTicks } from '../role-process.js';
import { invokeTogether } from '../together.js';
import { type Platform, removeData, type Topology } from '../topology.js';
import { eventually } from '../wait.js';

interface WorkerRow {
  readonly id: string;
  readonly pid: number;
  readonly languages: string[];
  readonly running?: number;
}

const endlessLoop = 'int main(void) { volatile int n = 0; for (;;) n++; }';

export function faultScenarios(topology: Topology): void {
  describe('under faults', () => {
    let platform: Platform;
    let client: Client;

    beforeAll(async () => {
      platform = await topology.start();
      client = new Client(platform.url);
      await client.deployExample('hello', 'c', 'hello.c');
      await client.deployExample('add', 'js', 'add.js');
    }, 60_000);

    afterAll(async () => {
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    test('a killed worker costs at most what it had begun, and is replaced', async () => {
      const before = await workersOf(client);
      expect(before.length).toBeGreaterThanOrEqual(platform.workers);
      const answers: Answer[] = [];
      const servedCount = () => answers.filter(({ status }) => status === 200).length;
      let stop = false;
      const callers = Array.from({ length: 24 }, async (_, index) => {
        while (!stop) {
          const answer = await client.invoke(index % 3 === 0 ? 'add' : 'hello', '{"a":1,"b":2}');
          answers.push(answer);
          // Waited too long for the worker that is coming: told to come back, and does.
          if (answer.status === 429) await setTimeout(answer.body.error?.retryAfterMs ?? 0);
        }
      });
      await eventually('the load is on', async () => servedCount() > 200);
      for (const { pid } of before) {
        const countThen = servedCount();
        process.kill(pid, 'SIGKILL');
        await eventually('a new worker took the place', async () => {
          const now = await workersOf(client);
          // Load may have added one.
          return now.length >= platform.workers && now.every((worker) => worker.pid !== pid);
        });
        await eventually('the load goes on', async () => servedCount() > countThen + 100);
      }
      stop = true;
      await Promise.all(callers);
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.filter(({ body }) => !(body.error?.notStarted && body.error.retryAfterMs))).toEqual([]);
      const failed = answers.filter(({ status }) => status !== 200 && status !== 429);
      expect(failed.filter(({ body }) => body.error?.reason !== 'worker_lost')).toEqual([]);
      // One inline call and at most a slot's worth of handler calls can have begun on each killed worker.
      expect(failed.length).toBeLessThan(24 * before.length);
    }, 90_000);

    test('of a killed worker only what had begun fails, and what waited behind it runs elsewhere', async () => {
      const source = `#include <stdio.h>
int main(void) { volatile int n = 0; if (getchar() == 'L') for (;;) n++; puts("quick"); return 0; }`;
      await client.deploy('moody', 'c', source, '&timeoutMs=20000');
      // Known to be short from here on, so that calls are sent behind one another.
      for (let count = 0; count < 20; count++) await client.invoke('moody', 'q');
      const { blocked, loop, quick } = await callsBehindALoop(platform, client);
      process.kill(blocked.pid, 'SIGKILL');
      const lost = await loop;
      expect([lost.status, lost.text]).toEqual([503, expect.stringContaining('worker_lost')]);
      for (const answer of await Promise.all(quick)) {
        expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('quick')]);
      }
      await eventually('all workers are back', async () => (await workersOf(client)).length >= platform.workers);
    }, 60_000);

    test('an endless loop is answered at its deadline and the workers are whole again', async () => {
      await client.deploy('loop', 'c', endlessLoop, '&timeoutMs=500');
      const startMs = performance.now();
      const answer = await client.invoke('loop');
      expect(performance.now() - startMs).toBeLessThan(1500);
      expect(answer).toMatchObject({ status: 504, body: { error: { code: 'deadline_exceeded' } } });
      expect(answer.body.error?.timings).toBeDefined();
      expect((await client.invoke('hello')).body.ok).toBe(true);
      await eventually('all workers are back', async () => (await workersOf(client)).length >= platform.workers);
    }, 60_000);

    test('a function that fails says how', async () => {
      await client.deploy('fail', 'c', '#include <stdio.h>\nint main(void) { fputs("no luck\\n", stderr); return 3; }');
      const answer = await client.invoke('fail');
      expect(answer).toMatchObject({
        status: 502,
        body: { error: { code: 'aborted', reason: 'function_failed', fault: 'function' } },
      });
      expect(answer.body.error?.exit).toMatchObject({ exitCode: 3, stderrTail: 'no luck\n' });
    }, 60_000);

    test('kill -9 of everything loses no acknowledged function', async () => {
      const acknowledged: string[] = [];
      for (let index = 0; index < 5; index++) {
        const { body } = await client.deploy(`kept-${index}`, 'js', `export default () => ${index}`);
        expect(body.ok).toBe(true);
        acknowledged.push(String(body.id));
      }
      await platform.killEverything();
      platform = await topology.start({ data: platform.data });
      client = new Client(platform.url);
      for (const [index, id] of acknowledged.entries()) {
        expect((await client.invoke(id)).body).toMatchObject({ ok: true, output: String(index) });
      }
      expect((await client.invoke('hello')).body).toMatchObject({ ok: true, output: 'Hello from FAAS!\n' });
    }, 90_000);

    test('a graceful stop finishes what was accepted', async () => {
      const slow = 'export default () => new Promise((resolve) => setTimeout(() => resolve("done"), 700))';
      await client.deploy('slow', 'js', slow);
      await client.invoke('slow');
      const { pid } = (await workersOf(client))[0] ?? { pid: 0 };
      expect(pid).toBeGreaterThan(0);
      const inFlight = Array.from({ length: 4 }, () => client.invoke('slow'));
      await eventually('the calls are running', async () => {
        const { body } = await client.connect('ClusterService/GetStatus', {});
        return Number(body.jobsRunning ?? 0) === 4;
      });
      const codes = platform.stop();
      for (const answer of await Promise.all(inFlight)) {
        expect(answer.body).toMatchObject({ ok: true, output: 'done' });
      }
      expect(new Set(await codes)).toEqual(new Set([0]));
      platform = await topology.start({ data: platform.data });
      client = new Client(platform.url);
    }, 60_000);
  });
}

/**
 * Calls "moody" so that short calls wait behind an endless one that has begun. Whether the balancer sends them there depends
 * on how they arrive, so it is tried until it does.
 */
async function callsBehindALoop({ url, workers }: Platform, client: Client) {
  for (let attempt = 0; attempt < 10; attempt++) {
    const ticksBefore = new Map((await workersOf(client)).map(({ pid }) => [pid, cpuTicks(pid)]));
    const [loop, ...quick] = await invokeTogether(url, 'moody', ['L', ...Array<string>(8).fill('q')]);
    if (!loop) break;
    let answered = 0;
    for (const answer of quick) void answer.then(() => answered++);
    let blocked: WorkerRow | undefined;
    await eventually('one worker loops and every other has answered what it had', async () => {
      const busy = (await workersOf(client)).filter(({ running = 0 }) => running > 0);
      [blocked] = busy;
      if (!blocked || busy.length > 1 || answered + (blocked.running ?? 0) <= quick.length) return false;
      return cpuTicks(blocked.pid) - (ticksBefore.get(blocked.pid) ?? 0) > loopingTicks;
    });
    if (!blocked) break;
    if ((blocked.running ?? 0) > 1) return { blocked, loop, quick };
    process.kill(blocked.pid, 'SIGKILL');
    await Promise.all([loop, ...quick]);
    await eventually('a new worker took the place', async () => (await workersOf(client)).length >= workers);
  }
  throw new Error('the balancer sent no call behind the loop');
}

async function workersOf(client: Client): Promise<WorkerRow[]> {
  const { body } = await client.connect('ClusterService/ListWorkers', {});
  return (body.workers as WorkerRow[] | undefined) ?? [];
}
