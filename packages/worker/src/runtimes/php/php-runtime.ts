import { join } from 'node:path';
import type { GuestLanguage } from '../../processes/guest-language.js';
import {
  type InterpretedLanguage,
  InterpretedRuntime,
  type InterpretedRuntimeOptions,
  type Interpreter,
} from '../interpreted/interpreted-runtime.js';
import { memoryMbOf, processBytesOf } from '../limits.js';
import type { Runtime } from '../runtime.js';
import { findInterpreter } from './interpreter.js';
import { withoutOwnDirectory } from './own-directory.js';
import { checkSyntax } from './syntax.js';

/** PHP on the php-cli of this machine with its own php.ini. */
export function createPhpRuntime(options: InterpretedRuntimeOptions): Runtime {
  return new InterpretedRuntime(php, options);
}

const php: InterpretedLanguage = {
  lang: 'php',
  absent: 'php-cli (8.0 or later) is not installed: apt-get install php-cli',
  find: findInterpreter,
  check: checkSyntax,
  guestsOn: phpOn,
};

const overheadMb = 32;
const shimPath = join(import.meta.dirname, 'shim.php');
const forkServerPath = join(import.meta.dirname, 'fork_server.php');
/** Standard output belongs to the function, so what PHP has to say goes to standard error, and once. */
const settings = {
  display_errors: 'stderr',
  display_startup_errors: '0',
  log_errors: '0',
  html_errors: '0',
  auto_prepend_file: '',
  auto_append_file: '',
  output_buffering: '0',
  // Arguments in a trace may hold what must not be logged.
  'zend.exception_ignore_args': '1',
};
const settingArgs = Object.entries(settings).flatMap(([name, value]) => ['-d', `${name}=${value}`]);

function phpOn({ path, readable }: Interpreter): GuestLanguage {
  return {
    overheadMb,
    boot(version) {
      const memoryMb = memoryMbOf(version);
      const args = [...settingArgs, '-d', `memory_limit=${memoryMb}M`, shimPath];
      const memoryBytesMax = processBytesOf(version, overheadMb);
      return { key: String(memoryMb), command: path, args, memoryBytesMax, readable, setup: { memoryMb } };
    },
    forkServer: { command: path, args: [...settingArgs, forkServerPath], readable },
    outOfMemory: (exit, stderrTail) => exit.exitCode !== 0 && /Allowed memory size of |Out of memory/.test(stderrTail),
    cleanStderr: withoutOwnDirectory,
  };
}
