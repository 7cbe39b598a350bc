import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Clock } from '@relais/kit';
import { findExecutable } from './executables.js';
import type { ProcessExit, ProcessLauncher } from './process-launcher.js';
import { Scratch } from './scratch.js';
import { writeSharedFiles } from './shared-files.js';
import { spawnIn } from './spawned-process.js';

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
      const scratch = await Scratch.make(options.directory);
      const home = scratch.directory;
      const plan = {
        ...spec,
        command,
        args,
        cwd: spec.directory ?? home,
        env: { HOME: home, TMPDIR: home, ...spec.env },
        exitOf: (exit: ProcessExit) => exit,
        sharesPids: true,
      };
      return spawnIn(scratch, plan, options.clock);
    },
    shareFiles: (files) => writeSharedFiles(options.directory, files),
    doors: undefined,
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
