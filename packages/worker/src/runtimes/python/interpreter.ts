import { homedir } from 'node:os';
import type { Clock } from '@relais/kit';
import { findExecutable } from '../../processes/executables.js';
import { installed } from '../../processes/installations.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { runTool } from '../../processes/run-tool.js';
import type { Interpreter } from '../interpreted/interpreted-runtime.js';

const budgetMs = 10_000;
const question =
  'import json, sys; print(json.dumps([sys.executable, *sys.version_info[:3], [sys.base_prefix, sys.prefix]]))';

/**
 * Asks the python3 of the search path where it is and which; undefined when there is none, or it is older than 3.9.
 * Wrappers (pyenv, asdf) are asked once here and avoided from then on.
 */
export async function findInterpreter(
  launcher: ProcessLauncher,
  clock: Clock,
  searchPath: string,
): Promise<Interpreter | undefined> {
  const command = await findExecutable('python3', searchPath);
  if (!command) return undefined;
  const env = { PATH: searchPath, HOME: homedir() };
  const args = ['-I', '-c', question];
  const run = { command, args, env, budgetMs, outputBytesMax: 4096, role: 'trusted' } as const;
  try {
    return parseAnswer((await runTool(launcher, clock, run)).stdout);
  } catch {
    return undefined;
  }
}

function parseAnswer(stdout: string): Interpreter | undefined {
  const answer = JSON.parse(stdout) as [string, number, number, number, string[]];
  const [path, major, minor, micro, prefixes] = answer;
  const recent = major > 3 || (major === 3 && minor >= 9);
  const version = `${major}.${minor}.${micro}`;
  return recent && path.startsWith('/') ? { path, version, readable: installed(path, prefixes) } : undefined;
}
