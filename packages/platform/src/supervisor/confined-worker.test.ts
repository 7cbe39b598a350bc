import { spawn, spawnSync } from 'node:child_process';
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
afterAll(async () => {
  await groups?.close();
  removeTree(directory);
});

const withGroups = groups && sandbox.confines ? test : test.skip;

withGroups('a worker of WASM is in a group that counts its memory (needs control groups and a sandbox)', async () => {
  const confinement = {
    sandbox,
    socketDirectory: directory,
    peers: { balancerAddress: '', storageAddress: '' },
    groups,
    threadGroups: undefined,
  };
  const group = groupOf(confinement.groups);
  const [command = '', ...args] = confinedCommand(confinement, ['/bin/sh', '-c', 'echo ready; cat'], {
    group,
    descriptors: 3,
    reachesPeers: true,
  });
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

test('a worker of WASM outlives a Ctrl-C that reaches its whole process group', async () => {
  const peers = { balancerAddress: '', storageAddress: '' };
  const confinement = { sandbox, socketDirectory: directory, peers, groups: undefined, threadGroups: undefined };
  const [command = '', ...args] = confinedCommand(confinement, ['/bin/sh', '-c', 'echo ready; exec cat'], {
    group: undefined,
    descriptors: 3,
    reachesPeers: true,
  });
  const child = spawn(command, args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  process.kill(-(child.pid ?? 0), 'SIGINT');
  child.stdin.end('still there');
  const [said] = await once(child.stdout, 'data');
  expect(String(said)).toBe('still there');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('without control groups a worker is started all the same', () => {
  const confinement = {
    sandbox,
    socketDirectory: directory,
    peers: { balancerAddress: '', storageAddress: '' },
    groups: undefined,
    threadGroups: undefined,
  };
  expect(groupOf(confinement.groups)).toBeUndefined();
  expect(
    confinedCommand(confinement, ['/bin/true'], { group: undefined, descriptors: 3, reachesPeers: true }),
  ).toContain('/bin/true');
});

test('the process of long calls does not see the sockets of the peers, and the worker does', () => {
  const peers = { balancerAddress: '', storageAddress: '' };
  const confinement = { sandbox, socketDirectory: directory, peers, groups: undefined, threadGroups: undefined };
  const sees = (reachesPeers: boolean) => {
    const look = ['/bin/sh', '-c', `test -d ${directory} && echo yes || echo no`];
    const process = { group: undefined, descriptors: 3, reachesPeers };
    const [command = '', ...args] = confinedCommand(confinement, look, process);
    return spawnSync(command, args, { encoding: 'utf8' }).stdout.trim();
  };
  expect([sees(true), sees(false)]).toEqual(sandbox.confines ? ['yes', 'no'] : ['yes', 'yes']);
});
