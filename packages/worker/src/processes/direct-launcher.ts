import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex, Readable } from 'node:stream';
import type { Clock } from '@relais/kit';
import { findExecutable } from './executables.js';
import { processStartFailed } from './failures.js';
import { endingOf } from './process-ending.js';
import type { LaunchSpec, ProcessExit, ProcessLauncher, RootProcess } from './process-launcher.js';
import { Scratch } from './scratch.js';
import { writeSharedFiles } from './shared-files.js';

const minimalPath = '/usr/local/bin:/usr/bin:/bin';

export interface DirectLauncherOptions {
  /** Directory for the processes' own directories; made when needed. The caller removes it. */
  readonly directory: string;
  /** Where setpriv is looked for, like PATH. */
  readonly searchPath: string;
  readonly clock: Clock;
}

/**
 * Starts processes without a sandbox. setpriv (util-linux) has the kernel kill a process when this one dies, even in a
 * busy loop; without it a process ends when it next reads its frame channel.
 */
export function createDirectLauncher(options: DirectLauncherOptions): ProcessLauncher {
  let prefix: Promise<readonly string[]> | undefined;
  return {
    async launch(spec) {
      prefix ??= deathSignalPrefix(options.searchPath);
      const [command = spec.command, ...args] = [...(await prefix), spec.command, ...spec.args];
      return launchIn(await Scratch.make(options.directory), { ...spec, command, args }, options.clock);
    },
    shareFiles: (files) => writeSharedFiles(options.directory, files),
  };
}

async function deathSignalPrefix(searchPath: string): Promise<readonly string[]> {
  const setpriv = await findExecutable('setpriv', searchPath);
  if (!setpriv) return [];
  const prefix = [setpriv, '--pdeathsig', 'KILL', '--'];
  // A setpriv without this option exists (busybox), so it is found out by doing.
  const trial = spawn(setpriv, [...prefix.slice(1), setpriv, '--version'], { stdio: 'ignore', env: {} });
  const works = await once(trial, 'exit').then(
    ([code]) => code === 0,
    () => false,
  );
  return works ? prefix : [];
}

async function launchIn(scratch: Scratch, spec: LaunchSpec, clock: Clock): Promise<RootProcess> {
  try {
    if (spec.input) await scratch.fillInput(spec.input);
    const child = spawnIn(scratch, spec);
    await once(child, 'spawn');
    return new DirectProcess(child, scratch, clock);
  } catch (error) {
    await scratch.remove();
    throw processStartFailed(error);
  }
}

function spawnIn(scratch: Scratch, spec: LaunchSpec): ChildProcess {
  const home = scratch.directory;
  return spawn(spec.command, spec.args, {
    cwd: spec.directory ?? home,
    env: { PATH: minimalPath, LANG: 'C.UTF-8', HOME: home, TMPDIR: home, ...spec.env },
    detached: true,
    stdio: [scratch.inputFd, 'pipe', 'pipe', ...(spec.channel ? (['pipe'] as const) : [])],
  });
}

class DirectProcess implements RootProcess {
  readonly pid: number;
  readonly directory: string;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly channel: Duplex | undefined;
  readonly exited: Promise<ProcessExit>;
  readonly closed: Promise<ProcessExit>;
  readonly #scratch: Scratch;
  #reaped = false;

  constructor(child: ChildProcess, scratch: Scratch, clock: Clock) {
    const [, stdout, stderr, channel] = child.stdio;
    if (child.pid === undefined || !stdout || !stderr) throw new Error('a started process has a pid and streams');
    this.pid = child.pid;
    this.stdout = stdout as Readable;
    this.stderr = stderr as Readable;
    this.channel = (channel ?? undefined) as Duplex | undefined;
    this.directory = scratch.directory;
    this.#scratch = scratch;
    child.on('error', () => {});
    const finish = endingOf(this, scratch, clock);
    this.exited = this.#exitOf(child);
    this.closed = this.exited.then(async (exit) => {
      await finish();
      return exit;
    });
  }

  giveInput(bytes: Uint8Array): Promise<void> {
    return this.#scratch.fillInput(bytes);
  }

  kill(): void {
    if (!this.#reaped) this.killGroup(this.pid);
  }

  killGroup(group: number): void {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // No such group: it is dead already.
    }
  }

  #exitOf(child: ChildProcess): Promise<ProcessExit> {
    return new Promise((resolve) => {
      child.once('exit', (exitCode, signal) => {
        // In this very turn: the group's number is not given anew while a member lives, and later it might be.
        this.killGroup(this.pid);
        this.#reaped = true;
        resolve({ exitCode: exitCode ?? 0, signal: signal ?? '' });
      });
    });
  }
}
