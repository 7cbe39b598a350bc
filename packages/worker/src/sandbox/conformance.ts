import { type StdioOptions, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomHex, systemClock } from '@relais/kit';
import { createLauncher } from '../processes/create-launcher.js';
import type { ProcessLauncher } from '../processes/process-launcher.js';
import { removeTree } from '../processes/remove-tree.js';
import { runTool, type ToolResult } from '../processes/run-tool.js';
import { until } from '../runtimes/conformance/support.js';
import { trialPolicy as barePolicy, trySandbox } from './find-sandbox.js';
import type { Sandbox, SandboxName } from './sandbox.js';
import { hostOnly } from './testing/host-only.js';
import { type ProbeReport, probeScript } from './testing/probe-script.js';

const slowTestMs = 60_000;

/** Registers the hostile tests that every sandbox must pass on this machine; one that does not work here fails them. */
export function sandboxConformance(name: SandboxName, searchPath: string): void {
  describe(`sandbox ${name}`, () => {
    const root = mkdtempSync(join(tmpdir(), 'relais-sandbox-'));
    const secretFile = join(root, 'secret');
    const socketPath = join(root, 'door.sock');
    let sandbox: Sandbox;
    let launcher: ProcessLauncher;
    let report: ProbeReport;
    const servers: Server[] = [];

    const run = (script: string, extra: Partial<Parameters<typeof runTool>[2]> = {}): Promise<ToolResult> =>
      runTool(launcher, systemClock, {
        command: '/bin/sh',
        args: ['-c', script],
        budgetMs: 30_000,
        outputBytesMax: 65_536,
        ...extra,
      });

    beforeAll(async () => {
      writeFileSync(secretFile, 'the secret');
      const found = await trySandbox(name, { directory: join(root, 'sandbox'), searchPath });
      if (typeof found === 'string') throw new Error(found);
      sandbox = found;
      launcher = createLauncher({
        directory: join(root, 'processes'),
        searchPath,
        clock: systemClock,
        sandbox,
        groups: undefined,
      });
      const shared = await launcher.shareFiles(new Map([['own.txt', Buffer.from('own')]]));
      await launcher.shareFiles(new Map([['other.txt', Buffer.from('the secret')]]));
      servers.push(await listening(socketPath), await listening(0));
      const address = servers[1]?.address();
      const facts = {
        secretFile,
        socketPath,
        own: shared.directory,
        port: typeof address === 'object' ? address?.port : 0,
        pid: process.pid,
      };
      const args = ['--input-type=module', '-e', probeScript, JSON.stringify(facts)];
      const probed = await run('', { command: process.execPath, args, env: { GIVEN: 'yes' } });
      report = parse(probed);
    }, slowTestMs);

    afterAll(() => {
      for (const server of servers) server.close();
      removeTree(root);
    });

    test('reads what it was given and nothing else of the machine', () => {
      expect(report.read).toEqual({
        own: 'own',
        shadow: 'ENOENT',
        secret: 'ENOENT',
        'secret by a link': 'ENOENT',
        'files of others': 'EACCES',
        'secret by process 1': expect.stringMatching(/^(ENOENT|EACCES)$/),
        // Process 1 is of the sandbox too, so its environment is as clean.
        'environment of process 1': expect.not.stringContaining(hostOnly),
        'process that launched it': 'ENOENT',
      });
    });

    test('writes nowhere but in /tmp, and not without end', () => {
      expect(report.write).toEqual({ root: 'EROFS', usr: 'EROFS', etc: 'EROFS', own: 'EROFS', tmp: 'ok' });
      expect(report.fillTmp).toBe('ENOSPC');
      expect(report.hugeFile).toMatch(/^(EFBIG|ENOSPC)$/);
    });

    test('reaches no network, no service of the machine and no socket', () => {
      expect(report.connect).toEqual({
        'service on loopback': expect.stringMatching(/^(ECONNREFUSED|ENETUNREACH)$/),
        'metadata service': 'ENETUNREACH',
        'socket of the machine': 'ENOENT',
      });
      expect(report.interfaces.filter((one) => one !== 'lo')).toEqual([]);
    });

    test('has no capability and gains none', () => {
      const none = '0000000000000000';
      expect(report.status).toMatchObject({ CapEff: none, CapPrm: none, CapInh: none, CapAmb: none, NoNewPrivs: '1' });
      expect(report.powers).toEqual({ mount: false, unshare: false, chroot: false, 'set-uid program': false });
    });

    test('sees its own processes alone and signals nobody else', () => {
      expect(Math.max(...report.pids)).toBeLessThan(1000);
      expect(report.signal).toEqual({ 'process that launched it': 'ESRCH', 'process 1': 'still there' });
    });

    test('has a clean environment and no file of the machine open', () => {
      expect(report.environment).toEqual(['GIVEN', 'HOME', 'LANG', 'PATH', 'TMPDIR']);
      const foreign = report.files.filter(
        (file) => /^\/(?!dev\/|proc\/)/.test(file) && !file.endsWith('/stdin (deleted)'),
      );
      expect(foreign).toEqual([]);
    });

    test('has no descriptor of whoever starts it, whatever its number', async () => {
      const stray = openSync(secretFile, 'r');
      const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...Array(248).fill('ignore'), stray];
      const look = 'for fd in /proc/self/fd/* /proc/1/fd/*; do echo "$fd $(readlink "$fd")"; done';
      const [command = '', ...args] = sandbox.wrap(barePolicy, ['/bin/sh', '-c', look]);
      const { stdout } = spawnSync(command, args, { stdio, env: { PATH: '/usr/bin:/bin' } });
      closeSync(stray);
      expect(stdout.toString()).toMatch(/^\/proc\/self\/fd\/1 pipe/m);
      expect(stdout.toString()).not.toMatch(/secret|\/251 /);
    });

    test('runs out of descriptors before the machine does', () => {
      expect(report.descriptors).toMatchObject({ failed: 'EMFILE' });
      expect(report.descriptors.opened).toBeLessThan(2000);
    });

    test('nothing of it stays when it ends, whatever it started', async () => {
      const seconds = `98${Number.parseInt(randomHex(3), 16)}`;
      const { exit } = await run(`trap '' TERM; (setsid setsid sleep ${seconds} &) ; exit 7`);
      expect(exit).toEqual({ exitCode: 7, signal: '' });
      await until('the daemon is gone', () => sleepers(seconds) === 0);
    });

    test(
      'ends at once when it is killed, though it ignores every signal it can',
      async () => {
        const seconds = `97${Number.parseInt(randomHex(3), 16)}`;
        const script = `trap '' TERM INT HUP; sleep ${seconds} & echo ready; while :; do wait; done`;
        const launched = await launcher.launch({ command: '/bin/sh', args: ['-c', script], channel: false });
        launched.stderr.resume();
        await new Promise((resolve) => launched.stdout.once('data', resolve));
        launched.kill();
        expect((await launched.closed).signal).toBe('SIGKILL');
        await until('everything is gone', () => sleepers(seconds) === 0);
      },
      slowTestMs,
    );

    test('says by which signal a process ended, and takes its input', async () => {
      expect((await run('kill -SEGV $$')).exit).toEqual({ exitCode: 0, signal: 'SIGSEGV' });
      expect((await run('cat; cat /dev/stdin', { input: Buffer.from('in') })).stdout).toBe('inin');
    });

    test('is stopped when it uses more CPU time than it may', async () => {
      const { exit } = await run('while :; do :; done', { cpuSecondsMax: 1 });
      expect(exit.signal).toMatch(/^SIG(XCPU|KILL)$/);
    });
  });
}

function listening(where: string | number): Promise<Server> {
  const server = createServer((socket) => socket.end());
  return new Promise((resolve) => {
    if (typeof where === 'string') server.listen(where, () => resolve(server));
    else server.listen(where, '127.0.0.1', () => resolve(server));
  });
}

function parse({ exit, stderr, stdout }: ToolResult): ProbeReport {
  try {
    return JSON.parse(stdout) as ProbeReport;
  } catch {
    throw new Error(`the probe said nothing: ${JSON.stringify({ exit, stdout, stderr })}`);
  }
}

/** Processes of this machine that run "sleep SECONDS". */
function sleepers(seconds: string): number {
  const lines = readdirSync('/proc')
    .filter(Number)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });
  return lines.filter((line) => line === `sleep\0${seconds}\0`).length;
}
