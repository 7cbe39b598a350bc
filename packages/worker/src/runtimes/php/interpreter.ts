import type { Clock } from '@relais/kit';
import { findExecutable } from '../../processes/executables.js';
import { installed } from '../../processes/installations.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { runTool } from '../../processes/run-tool.js';
import type { Interpreter } from '../interpreted/interpreted-runtime.js';

const budgetMs = 10_000;
const question = `echo json_encode([PHP_BINARY, PHP_VERSION, PHP_VERSION_ID, PHP_SAPI, extension_loaded('tokenizer'),
  [PHP_EXTENSION_DIR, dirname(php_ini_loaded_file() ?: PHP_BINARY), php_ini_scanned_files() ? PHP_CONFIG_FILE_SCAN_DIR : PHP_BINARY]]);`;

/**
 * Asks the php of the search path where it is and which; undefined when there is none, or it is older than 8.0, not a
 * command-line PHP, or lacks the tokenizer.
 */
export async function findInterpreter(
  launcher: ProcessLauncher,
  clock: Clock,
  searchPath: string,
): Promise<Interpreter | undefined> {
  const command = await findExecutable('php', searchPath);
  if (!command) return undefined;
  const args = ['-r', question];
  const run = { command, args, env: { PATH: searchPath }, budgetMs, outputBytesMax: 4096, role: 'trusted' } as const;
  try {
    return parseAnswer((await runTool(launcher, clock, run)).stdout);
  } catch {
    return undefined;
  }
}

function parseAnswer(stdout: string): Interpreter | undefined {
  const answer = JSON.parse(stdout) as [string, string, number, string, boolean, string[]];
  const [path, version, id, sapi, tokenizer, directories] = answer;
  const usable = id >= 80_000 && sapi === 'cli' && tokenizer && path.startsWith('/');
  return usable ? { path, version, readable: installed(path, directories) } : undefined;
}
