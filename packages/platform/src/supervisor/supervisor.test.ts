import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type OrderedWorker,
  type SuperviseRequest,
  SuperviseResponse,
  WorkerEnd,
  type WorkerExit,
  type WorkerKind,
} from '@relais/contracts';
import { memoryLinkPair, silentLogger, systemClock } from '@relais/kit';
import { Supervisor } from './supervisor.js';
import type { KindPlan, WorkerPlan } from './worker-spec.js';

const workerMain = fileURLToPath(new URL('../testing/idle-worker.js', import.meta.url));
const threadsMain = fileURLToPath(new URL('../worker/threads-main.js', import.meta.url));
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

/** So many workers that are kept, and up to four more. */
function kept(count: number, own: Partial<WorkerPlan> = {}): KindPlan {
  return { plan: { ...plan, ...own }, kept: count, usual: count, max: count + 4 };
}

function supervise(...kinds: readonly KindPlan[]) {
  const exits: WorkerExit[] = [];
  const [ours, theirs] = memoryLinkPair<SuperviseRequest, SuperviseResponse>('balancer', 'supervisor');
  const ordered: OrderedWorker[] = [];
  const told: WorkerKind[] = [];
  const warned: Record<string, unknown>[] = [];
  theirs.receive({
    message: (frame) => {
      exits.push(...frame.exits);
      ordered.push(...frame.ordered);
      told.push(...(frame.hello?.kinds ?? []));
    },
    closed: () => {},
  });
  supervisor = new Supervisor({
    host: 'here',
    workerMain,
    threadsMain,
    kinds,
    scratchFolder,
    confinement: () => undefined,
    sandbox: () => ({ name: 'none', tier: 'T0', missing: [] }),
    dial: async () => ours,
    clock: systemClock,
    logger: { ...silentLogger, warn: (fields, message) => void warned.push({ ...fields, message }) },
  });
  return { exits, ordered, told, warned, order: (orders: SuperviseResponse) => theirs.send(orders) };
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
  return existsSync(journal) && readFileSync(journal).readUInt32LE(4) !== 0;
}

test('replaces a killed worker and reports what it had begun', async () => {
  const { exits } = supervise(kept(2));
  await supervisor.start();
  const before = supervisor.pids;
  await until('both wait', () => before.every(waits));
  // All its room is taken before any job begins, so that a full disk stops none.
  for (const pid of before) {
    const { blocks, size } = statSync(`/proc/${pid}/fd/3`);
    expect([size, blocks * 512 >= size]).toEqual([16_384, true]);
  }
  process.kill(before[0] ?? 0, 'SIGKILL');
  await until('it is reported', () => exits.length === 1);
  const end = WorkerEnd.WORKER_END_UNSPECIFIED;
  expect(exits[0]).toMatchObject({ begunJobIds: [41, 42], signal: 'SIGKILL', exitCode: 0, end });
  await until('it is replaced', () => supervisor.pids.length === 2);
  expect(supervisor.pids).not.toContain(before[0]);
  expect(supervisor.pids).toContain(before[1]);
  await until('only the living have a scratch directory', () => readdirSync(scratchFolder).length === 2);
});

test('kills on order, and only whom the order names', async () => {
  const { exits, order } = supervise(kept(2));
  await supervisor.start();
  const before = supervisor.pids;
  await until('both wait', () => before.every(waits));
  const workerId = readdirSync(scratchFolder).find((name) => name.startsWith('w2-')) ?? '';
  order(SuperviseResponse.create({ kills: [{ workerId: 'nobody' }, { workerId, reason: 'test' }] }));
  await until('it is reported', () => exits.length === 1);
  expect(exits[0]).toMatchObject({ workerId, signal: 'SIGKILL' });
  expect(supervisor.pids).toContain(before[0]);
});

test('kills a worker that was stopped, but none that goes on at once, and reports what it had begun', async () => {
  const { exits, warned } = supervise(kept(2));
  await supervisor.start();
  const [stopped = 0, goesOn = 0] = supervisor.pids;
  await until('both wait', () => [stopped, goesOn].every(waits));
  for (const pid of [stopped, goesOn]) process.kill(pid, 'SIGSTOP');
  process.kill(goesOn, 'SIGCONT');
  await until('it is reported', () => exits.length === 1);
  const end = WorkerEnd.WORKER_END_STOPPED;
  expect(exits[0]).toMatchObject({ begunJobIds: [41, 42], signal: 'SIGKILL', end });
  expect(warned).toContainEqual(expect.objectContaining({ pid: stopped, message: expect.stringContaining('stopped') }));
  await until('it is replaced', () => supervisor.pids.length === 2);
  expect(supervisor.pids).toContain(goesOn);
});

test('starts workers on order, as many as the bound allows, and does not replace them', async () => {
  const { exits, order, ordered } = supervise(kept(1));
  await supervisor.start();
  await until('it waits', () => supervisor.pids.every(waits));
  const [keptId = ''] = readdirSync(scratchFolder);
  const starts = [{ inline: false }, ...Array.from({ length: 6 }, () => ({ inline: true }))];
  order(SuperviseResponse.fromPartial({ starts }));
  await until('they are reported', () => ordered.length === 4);
  const withOrdered = supervisor.pids;
  expect([withOrdered.length, ordered.some(({ workerId }) => workerId === keptId)]).toEqual([5, false]);
  await until('they wait', () => withOrdered.every(waits));
  process.kill(withOrdered[1] ?? 0, 'SIGTERM');
  await until('its end is reported', () => exits.length === 1);
  const { workerId } = ordered[0] ?? {};
  expect(exits[0]).toMatchObject({ workerId, begunJobIds: [41, 42], exitCode: 0, signal: '' });
  order(SuperviseResponse.fromPartial({ kills: [{ workerId: keptId, reason: 'test' }] }));
  await until('the kept one is replaced', () => exits.length === 2 && supervisor.pids.length === 5 - 1);
  expect(supervisor.pids.slice(1)).toEqual(withOrdered.slice(2));
  order(SuperviseResponse.fromPartial({ starts: [{ inline: true }] }));
  await until('there is room for another', () => ordered.length === 5);
});

test('starts what is usual, says which of it the balancer may end, and starts a kind of which none is left', async () => {
  const native = { plan: { ...plan, runs: ['js'], builds: ['c'], wasmOnly: false }, kept: 0, usual: 1, max: 1 };
  const { exits, order, ordered, told } = supervise({ ...kept(2), kept: 1 }, native);
  await supervisor.start();
  await until('it has said hello', () => told.length === 2);
  expect(told).toEqual([
    { inline: true, kept: 1, usual: 2, max: 6, slots: 1, runs: ['c'], builds: [] },
    { inline: false, kept: 0, usual: 1, max: 1, slots: 1, runs: ['js'], builds: ['c'] },
  ]);
  expect(ordered.map(({ inline, workerId }) => [inline, workerId.slice(0, 2)])).toEqual([
    [true, 'w2'],
    [false, 'w3'],
  ]);
  await until('they wait', () => supervisor.pids.every(waits));
  for (const pid of supervisor.pids.slice(1)) process.kill(pid, 'SIGTERM');
  await until('both ends are reported', () => exits.length === 2);
  expect(supervisor.pids).toHaveLength(1);
  order(SuperviseResponse.fromPartial({ starts: [{ inline: false, reason: 'a call waits' }] }));
  await until('it is there again', () => ordered.length === 3);
  expect([ordered[2]?.inline, supervisor.pids.length]).toEqual([false, 2]);
});

test('a worker that keeps ending is started again, later each time', async () => {
  const { exits } = supervise(kept(1, { slots: 0 }));
  await supervisor.start();
  const startMs = performance.now();
  await until('it ended three times', () => exits.length === 3);
  expect(exits.map(({ exitCode }) => exitCode)).toEqual([3, 3, 3]);
  // 40 ms before the second start and 80 ms before the third.
  expect(performance.now() - startMs).toBeGreaterThan(120);
  expect(new Set(exits.map(({ workerId }) => workerId)).size).toBe(3);
});

test('a worker that cannot be started is tried again later each time, or given up when it need not be kept', async () => {
  const { order, ordered, warned } = supervise({ ...kept(1), usual: 2, max: 2 });
  rmSync(scratchFolder, { recursive: true });
  await supervisor.start();
  await until('it was tried three times', () => warned.filter(({ restartInMs }) => restartInMs).length >= 3);
  expect(warned.slice(0, 4).map(({ restartInMs }) => restartInMs)).toEqual([40, undefined, 80, 160]);
  for (const fields of warned) {
    expect(fields).toMatchObject({ message: 'cannot start a worker', error: expect.stringContaining('ENOENT') });
  }
  order(SuperviseResponse.fromPartial({ starts: [{ inline: true }] }));
  await until('the order is taken', () => warned.some(({ workerId }) => String(workerId).startsWith('spare')));
  expect([supervisor.pids, ordered]).toEqual([[], []]);
  mkdirSync(scratchFolder);
  await until('the kept one runs', () => supervisor.pids.length === 1 && supervisor.pids.every(waits));
  order(SuperviseResponse.fromPartial({ starts: [{ inline: true }] }));
  await until('the place of the other is free again', () => ordered.length === 1);
});

test('a stop ends every worker and leaves nothing behind', async () => {
  supervise(kept(2));
  await supervisor.start();
  const { pids } = supervisor;
  await until('both wait', () => pids.every(waits));
  await supervisor.stop(5000);
  expect(pids.map((pid) => existsSync(`/proc/${pid}`))).toEqual([false, false]);
  expect(readdirSync(scratchFolder)).toEqual([]);
});
