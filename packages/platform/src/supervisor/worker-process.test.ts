import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@relais/kit';
import type { ControlGroup, ControlGroups, Sandbox } from '@relais/worker';
import { WorkerProcess, type WorkerStart } from './worker-process.js';
import type { WorkerPlan } from './worker-spec.js';

const prlimit = '/usr/bin/prlimit';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-worker-process-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function startOf(confinement?: WorkerStart['confinement']): WorkerStart {
  const sandbox = { name: 'none', tier: 'T0', missing: [] };
  const own = { workerId: 'w1', sandbox, toolsDirectory: '', scratchDirectory: join(folder, 'w1') };
  const plan = { wasmOnly: confinement !== undefined } as WorkerPlan;
  return { mainFile: '/nonexistent.js', threadsFile: '/nonexistent.js', plan, own, confinement, clock: systemClock };
}

/** The lowest descriptor that is free. */
function freeDescriptor(): number {
  const fd = openSync('/dev/null', 'r');
  closeSync(fd);
  return fd;
}

test('a start that fails half-way leaves no directory, no descriptor and no control group', () => {
  let groups = 0;
  const group = { joins: [], remove: async () => void groups-- } as unknown as ControlGroup;
  const make = () => {
    groups++;
    return group;
  };
  const wrap = () => {
    throw new Error(`${groups} group, and no more`);
  };
  const confinement = {
    sandbox: { wrap } as unknown as Sandbox,
    socketDirectory: folder,
    peers: { balancerAddress: '', storageAddress: '' },
    groups: { make, leaves: [] } as unknown as ControlGroups,
    threadGroups: undefined,
  };
  const free = freeDescriptor();
  expect(() => WorkerProcess.spawn(startOf(confinement))).toThrow('1 group, and no more');
  expect([readdirSync(folder), freeDescriptor(), groups]).toEqual([[], free, 0]);
});

const withLimits = existsSync(prlimit) ? test : test.skip;

withLimits('without descriptors for its streams it has ended, and says why (needs prlimit)', async () => {
  const usual = /open files +(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  const script = `while read most; do ${prlimit} --pid ${process.pid} --nofile=$most: && echo set; done`;
  const limiter = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const limit = async (most: unknown) => {
    limiter.stdin.write(`${most}\n`);
    await once(limiter.stdout, 'data');
  };
  const taken: number[] = [];
  try {
    await limit(freeDescriptor() + 64);
    expect(() => {
      for (;;) taken.push(openSync('/dev/null', 'r'));
    }).toThrow('EMFILE');
    // One for the journal.
    closeSync(taken.pop() ?? 0);
    const exit = await WorkerProcess.spawn(startOf()).exited;
    expect(exit).toMatchObject({ pid: 0, exitCode: 1, startFailure: expect.stringContaining('EMFILE') });
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    for (const fd of taken) closeSync(fd);
    await limit(usual);
    limiter.stdin.end();
    await once(limiter, 'exit');
  }
});
