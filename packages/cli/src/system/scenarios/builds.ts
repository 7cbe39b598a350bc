import { readFileSync } from 'node:fs';
import { Client } from '../client.js';
import { isAlive, processTree } from '../role-process.js';
import { type Platform, removeData, type Topology } from '../topology.js';
import { eventually } from '../wait.js';

const adminKey = `rlk_${'build-test-'.repeat(4)}`;
const floodLength = 24;
/** Three to the power of sixty terms: it compiles until it is ended. */
const endless = `${Array.from({ length: 60 }, (_, n) => `#define A${n + 1} A${n} A${n} A${n}`).join('\n')}
#define A0 1+
int main() { return A60 1; }`;

export function buildScenarios(topology: Topology): void {
  describe('under a flood of builds', () => {
    let platform: Platform;
    let admin: Client;

    beforeAll(async () => {
      platform = await topology.start({ gatewayFlags: ['--keys', 'on', '--admin-key', adminKey] });
      admin = as(adminKey);
    }, 60_000);

    afterAll(async () => {
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    const as = (key: string) => new Client(platform.url, { authorization: `Bearer ${key}` });
    const newKey = async (name: string) =>
      String((await admin.connect('KeyService/CreateKey', { name, scopes: ['deploy'] })).body.key);

    test('another caller is served meanwhile, and no compiler outlives who asked for it', async () => {
      const flooding = await newKey('flood');
      const calm = as(await newKey('calm'));
      const gone = new AbortController();
      let answered = 0;
      const flood = Array.from({ length: floodLength }, async (_, n) => {
        const deploy = n % 2 === 0 ? restDeploy(`bomb-${n}`) : connectDeploy(`bomb-${n}`);
        const headers = { authorization: `Bearer ${flooding}`, ...deploy.headers };
        const sent = fetch(platform.url + deploy.path, { ...deploy, method: 'POST', headers, signal: gone.signal });
        await sent.then(
          () => answered++,
          () => {},
        );
      });
      await eventually('compilers are at it', async () => (await compilersOf(admin)).length > 0);
      const deployed = await calm.deploy('calm', 'c', 'int main(void) { return 0; }');
      expect([deployed.status, answered]).toEqual([201, 0]);
      const before = await compilersOf(admin);
      gone.abort();
      await Promise.all(flood);
      await eventually('no compiler is at it', async () => {
        const left = before.filter(isAlive);
        // One that has nothing to do waits for the next compile.
        return left.length < before.length && (await jobsOf(admin)) === 0;
      });
      expect((await calm.deploy('again', 'cpp', 'int main() { return 0; }')).status).toBe(201);
    }, 90_000);
  });
}

function restDeploy(name: string) {
  return { path: `/deploy?name=${name}&lang=cpp`, headers: {}, body: endless };
}

function connectDeploy(name: string) {
  const body = JSON.stringify({ name, lang: 'cpp', text: endless });
  return { path: '/relais.v1.FunctionService/DeployFunction', headers: { 'content-type': 'application/json' }, body };
}

interface WorkerRow {
  readonly pid: number;
  readonly running?: number;
}

async function workersOf(client: Client): Promise<WorkerRow[]> {
  return ((await client.connect('ClusterService/ListWorkers', {})).body.workers as WorkerRow[] | undefined) ?? [];
}

async function jobsOf(client: Client): Promise<number> {
  return (await workersOf(client)).reduce((sum, { running = 0 }) => sum + running, 0);
}

/** Processes of clang below the workers. */
async function compilersOf(client: Client): Promise<number[]> {
  return (await workersOf(client)).flatMap(({ pid }) => processTree(pid)).filter(isCompiler);
}

function isCompiler(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('compiler-main');
  } catch {
    return false;
  }
}
