import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findExecutables } from '../../processes/executables.js';
import { installed } from '../../processes/installations.js';
import {
  type BuildSite,
  outputDirectory,
  pathArgument,
  type ToolBuilds,
  type ToolCommand,
} from '../compiled/tool-builds.js';

/** A rustc that was seen to make a WASI module. */
export interface RustToolchain {
  /** Absolute path of the compiler itself, behind any proxy. */
  readonly command: string;
  readonly target: string;
  /** For example "1.63.0". */
  readonly version: string;
}

const trialBudgetMs = 30_000;
// The older name of the target comes second: rustc knew it until 1.83.
const targets = ['wasm32-wasip1', 'wasm32-wasi'];
const trial: ReadonlyMap<string, Uint8Array> = new Map([['main.rs', Buffer.from('fn main() {}')]]);

/** Path of the module, below the build's directory. */
export const modulePath = `${outputDirectory}/module.wasm`;

/**
 * Tries every rustc of the search path, because a newer one may lack the target that an older one has; undefined when none
 * makes a module. Never rejects.
 */
export async function findRust(builds: ToolBuilds, searchPath: string): Promise<RustToolchain | undefined> {
  for (const candidate of await findExecutables('rustc', searchPath)) {
    const found = await builds.build(trialBudgetMs, (site) => tryCompiler(site, candidate, searchPath)).catch(() => {});
    if (found) return found;
  }
  return undefined;
}

const pageBytes = 65_536;
/** A heap that programs can use before memory must grow, because a call that grew memory costs a new instance. */
const heapBytes = 3 * pageBytes;
const stackBytes = 1024 * 1024;
/** Enough for a program with little static data. */
const usualBytes = stackBytes + pageBytes + heapBytes;

/** How a source is compiled; `staticBytes` is what the linker said that stack and static data need. */
export function compileCommand(
  { command, target }: Omit<RustToolchain, 'version'>,
  entry: string,
  staticBytes = 0,
  moreLinking: readonly string[] = [],
): ToolCommand {
  const memoryBytes = Math.max(usualBytes, Math.ceil((staticBytes + heapBytes) / pageBytes) * pageBytes);
  const args = ['--target', target, '--edition', '2021', '--crate-name', 'function', '--crate-type', 'bin'];
  const linking = ['-C', `link-arg=--initial-memory=${memoryBytes}`, ...moreLinking];
  return {
    command,
    args: [...args, '-C', 'opt-level=3', '-C', 'strip=debuginfo', ...linking, '-o', modulePath, pathArgument(entry)],
    readable: installed(command),
  };
}

/** What the linker said that stack and static data need, when they did not fit; undefined when they did. */
export function staticBytesNeeded(stderr: string): number | undefined {
  const needed = /initial memory too small, (\d{1,10}) bytes needed/.exec(stderr)?.[1];
  return needed === undefined ? undefined : Number(needed);
}

async function tryCompiler(site: BuildSite, candidate: string, searchPath: string): Promise<RustToolchain | undefined> {
  const command = await behindProxy(site, candidate, searchPath);
  const version = /^rustc (\S+)/.exec((await site.run({ command, args: ['--version'], role: 'trusted' })).stdout)?.[1];
  if (version === undefined) return undefined;
  await site.write(trial);
  for (const target of targets) {
    const { exit } = await site.run(compileCommand({ command, target }, 'main.rs'));
    if (exit.exitCode === 0) return { command, target, version };
  }
  return undefined;
}

/** rustup's rustc is a proxy that looks into its user's home, which builds do not see. */
async function behindProxy(site: BuildSite, candidate: string, searchPath: string): Promise<string> {
  const env = { HOME: homedir(), PATH: searchPath };
  const args = ['--print', 'sysroot'];
  const { stdout } = await site.run({ command: candidate, args, env, role: 'trusted' });
  const own = join(stdout.trim(), 'bin', 'rustc');
  return stdout.startsWith('/') && (await exists(own)) ? own : candidate;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
