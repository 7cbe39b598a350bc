import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findExecutables } from '../../processes/executables.js';
import { type BuildSite, outputDirectory, type ToolBuilds, type ToolCommand } from '../compiled/tool-builds.js';

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

/** How a source is compiled; more arguments may follow. */
export function compileCommand({ command, target }: Omit<RustToolchain, 'version'>, entry: string): ToolCommand {
  const args = ['--target', target, '--edition', '2021', '--crate-name', 'function', '--crate-type', 'bin'];
  return { command, args: [...args, '-C', 'opt-level=3', '-C', 'strip=debuginfo', '-o', modulePath, entry] };
}

async function tryCompiler(site: BuildSite, candidate: string, searchPath: string): Promise<RustToolchain | undefined> {
  const command = await behindProxy(site, candidate, searchPath);
  const version = /^rustc (\S+)/.exec((await site.run({ command, args: ['--version'] })).stdout)?.[1];
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
  const { stdout } = await site.run({ command: candidate, args: ['--print', 'sysroot'], env });
  const own = join(stdout.trim(), 'bin', 'rustc');
  return stdout.startsWith('/') && (await exists(own)) ? own : candidate;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
