import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomHex } from '@relais/kit';
import { findGroups, findSandbox, removeTree } from '@relais/worker';
import { confinedCommand, groupOf } from './confined-worker.js';

const directory = mkdtempSync(join(tmpdir(), 'relais-confined-'));
const groups = findGroups(process.pid, randomHex(4));
const { sandbox } = await findSandbox({ directory, searchPath: process.env.PATH ?? '' });
afterAll(() => {
  groups?.close();
  removeTree(directory);
});

const withGroups = groups && sandbox.confines ? test : test.skip;

withGroups('a worker of WASM is in a group that counts its memory (needs control groups and a sandbox)', async () => {
  const confinement = {
    sandbox,
    socketDirectory: directory,
    peers: { balancerAddress: '', storageAddress: '' },
    groups,
  };
  const group = groupOf(confinement);
  const [command = '', ...args] = confinedCommand(confinement, ['/bin/sh', '-c', 'echo ready; cat'], group);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  expect(group?.joins.length).toBeGreaterThan(0);
  for (const file of group?.joins ?? [])
    expect(readFileSync(file, 'utf8').trim().split('\n')).toContain(`${child.pid}`);
  expect(group?.hits()).toMatchObject({ memory: false, memoryBytesUsed: expect.any(Number) });
  child.stdin.end();
  await once(child, 'exit');
  await group?.remove();
  expect(existsSync(group?.joins[0] ?? '')).toBe(false);
});

test('without control groups a worker is started all the same', () => {
  const confinement = {
    sandbox,
    socketDirectory: directory,
    peers: { balancerAddress: '', storageAddress: '' },
    groups: undefined,
  };
  expect(groupOf(confinement)).toBeUndefined();
  expect(confinedCommand(confinement, ['/bin/true'], undefined)).toContain('/bin/true');
});
