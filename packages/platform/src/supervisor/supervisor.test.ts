import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SuperviseRequest, SuperviseResponse, type WorkerExit } from '@relais/contracts';
import { memoryLinkPair, silentLogger, systemClock } from '@relais/kit';
import { Supervisor } from './supervisor.js';
import type { WorkerPlan } from './worker-spec.js';

const workerMain = fileURLToPath(new URL('../testing/idle-worker.js', import.meta.url));
const plan: WorkerPlan = {
  host: 'here',
  runs: ['c'],
  builds: [],
  slots: 1,
  weight: 1,
  streamBytesMax: 1_000_000,
  balancerAddress: 'b:1',
  storageAddress: 's:1',
  clusterToken: '',
  logLevel: 'silent',
  metricSeriesMax: 1000,
  wasmOnly: true,
  networkHost: false,
  drainMs: 1000,
  cacheDirectory: '/nowhere',
};

let scratchFolder: string;
let supervisor: Supervisor;

beforeEach(() => {
  scratchFolder = mkdtempSync(join(tmpdir(), 'relais-supervisor-'));
});

afterEach(async () => {
  await supervisor.stop(5000);
  rmSync(scratchFolder, { recursive: true, force: true });
});

function supervise(workers: readonly WorkerPlan[]) {
  const exits: WorkerExit[] = [];
  const [ours, theirs] = memoryLinkPair<SuperviseRequest, SuperviseResponse>('balancer', 'supervisor');
  const spareIds: string[] = [];
  theirs.receive({
    message: (frame) => {
      exits.push(...frame.exits);
      spareIds.push(...frame.spareWorkerIds);
    },
    closed: () => {},
  });
  supervisor = new Supervisor({
    host: 'here',
    workerMain,
    workers,
    sparesMax: 4,
    scratchFolder,
    confinement: () => undefined,
    sandbox: () => ({ name: 'none', tier: 'T0', missing: [] }),
    dial: async () => ours,
    clock: systemClock,
    logger: silentLogger,
  });
  return { exits, spareIds, order: (orders: SuperviseResponse) => theirs.send(orders) };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`did not happen: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A worker that waits has begun its jobs: node sleeps in epoll. */
function waits(pid: number): boolean {
  const journal = `/proc/${pid}/fd/3`;
  return existsSync(journal) && readFileSync(journal).length === 8;
}

test('replaces a killed worker and reports what it had begun', async () => {
  const { exits } = supervise([plan, plan]);
  await supervisor.start();
  const before = supervisor.pids;
  await until('both wait', () => before.every(waits));
  process.kill(before[0] ?? 0, 'SIGKILL');
  await until('it is reported', () => exits.length === 1);
  expect(exits[0]).toMatchObject({ begunJobIds: [41, 42], signal: 'SIGKILL', exitCode: 0 });
  await until('it is replaced', () => supervisor.pids.length === 2);
  expect(supervisor.pids).not.toContain(before[0]);
  expect(supervisor.pids).toContain(before[1]);
  await until('only the living have a scratch directory', () => readdirSync(scratchFolder).length === 2);
});

test('kills on order, and only whom the order names', async () => {
  const { exits, order } = supervise([plan, plan]);
  await supervisor.start();
  const before = supervisor.pids;
  await until('both wait', () => before.every(waits));
  const workerId = readdirSync(scratchFolder).find((name) => name.startsWith('w2-')) ?? '';
  order(SuperviseResponse.create({ kills: [{ workerId: 'nobody' }, { workerId, reason: 'test' }] }));
  await until('it is reported', () => exits.length === 1);
  expect(exits[0]).toMatchObject({ workerId, signal: 'SIGKILL' });
  expect(supervisor.pids).toContain(before[0]);
});

test('starts spares on order, as many as the bound allows, and does not replace them', async () => {
  const { exits, order, spareIds } = supervise([plan]);
  await supervisor.start();
  await until('it waits', () => supervisor.pids.every(waits));
  const [likeWorkerId = ''] = readdirSync(scratchFolder);
  const spares = [{ likeWorkerId: 'nobody' }, ...Array.from({ length: 6 }, () => ({ likeWorkerId }))];
  order(SuperviseResponse.fromPartial({ spares }));
  await until('they are reported', () => spareIds.length === 4);
  const withSpares = supervisor.pids;
  expect([withSpares.length, spareIds.includes(likeWorkerId)]).toEqual([5, false]);
  await until('they wait', () => withSpares.every(waits));
  process.kill(withSpares[1] ?? 0, 'SIGTERM');
  await until('its end is reported', () => exits.length === 1);
  expect(exits[0]).toMatchObject({ workerId: spareIds[0], begunJobIds: [41, 42], exitCode: 0, signal: '' });
  order(SuperviseResponse.fromPartial({ kills: [{ workerId: likeWorkerId, reason: 'test' }] }));
  await until('the planned one is replaced', () => exits.length === 2 && supervisor.pids.length === 5 - 1);
  expect(supervisor.pids.slice(1)).toEqual(withSpares.slice(2));
  const [nextLike = ''] = readdirSync(scratchFolder).filter((name) => name.startsWith('w1-'));
  order(SuperviseResponse.fromPartial({ spares: [{ likeWorkerId: nextLike }] }));
  await until('there is room for another spare', () => spareIds.length === 5);
});

test('a worker that keeps ending is started again, later each time', async () => {
  const { exits } = supervise([{ ...plan, slots: 0 }]);
  await supervisor.start();
  const startMs = performance.now();
  await until('it ended three times', () => exits.length === 3);
  expect(exits.map(({ exitCode }) => exitCode)).toEqual([3, 3, 3]);
  // 40 ms before the second start and 80 ms before the third.
  expect(performance.now() - startMs).toBeGreaterThan(120);
  expect(new Set(exits.map(({ workerId }) => workerId)).size).toBe(3);
});

test('a stop ends every worker and leaves nothing behind', async () => {
  supervise([plan, plan]);
  await supervisor.start();
  const { pids } = supervisor;
  await until('both wait', () => pids.every(waits));
  await supervisor.stop(5000);
  expect(pids.map((pid) => existsSync(`/proc/${pid}`))).toEqual([false, false]);
  expect(readdirSync(scratchFolder)).toEqual([]);
});
