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
import { checkSyntax } from './syntax.js';

/** Python on the python3 of this machine. */
export function createPythonRuntime(options: InterpretedRuntimeOptions): Runtime {
  return new InterpretedRuntime(python, options);
}

const python: InterpretedLanguage = {
  lang: 'python',
  absent: 'python3 (3.9 or later) is not installed: apt-get install python3',
  find: findInterpreter,
  check: checkSyntax,
  guestsOn: pythonOn,
};

const options = ['-I', '-u', '-B', '-X', 'utf8'];
/** Interpreter and what is commonly imported. */
const overheadMb = 32;
const shimPath = join(import.meta.dirname, 'shim.py');
const forkServerPath = join(import.meta.dirname, 'fork_server.py');

function pythonOn({ path, readable }: Interpreter): GuestLanguage {
  return {
    overheadMb,
    boot: (version) => ({
      key: String(memoryMbOf(version)),
      command: path,
      args: [...options, shimPath],
      memoryBytesMax: processBytesOf(version, overheadMb),
      readable,
      setup: {},
    }),
    forkServer: { command: path, args: [...options, forkServerPath], readable },
    outOfMemory: () => false,
    cleanStderr,
  };
}

/** What the interpreter itself printed of a crash: without our own frames, the library's files without where it lies. */
function cleanStderr(text: string): string {
  const isOwn = (line: string) => line.includes(`File "${shimPath}"`) || line.includes(`File "${forkServerPath}"`);
  const own = text.split('\n').filter((line) => !isOwn(line));
  return own.join('\n').replace(/(File ")\/[^"\n]*\/lib\/python3(?:\.\d+)?\/(?:(?:site|dist)-packages\/)?/g, '$1');
}
