import type { ProcessExit } from '../processes/process-launcher.js';
import { signalOf } from '../processes/signal-names.js';

/** What a shell and everything like it adds to the number of the signal that ended a process. */
const signalled = 128;

/** How a process ended that something waited for and then exited as shells do. */
export function exitBehindShell(exit: ProcessExit): ProcessExit {
  const signal = signalOf(exit.exitCode - signalled);
  return exit.signal === '' && signal !== undefined ? { exitCode: 0, signal } : exit;
}
