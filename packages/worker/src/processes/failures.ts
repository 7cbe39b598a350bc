import type { Diagnostic, FunctionExit } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import type { ProcessExit } from './process-launcher.js';

/** The function's own code failed: it threw, exited, crashed or answered what cannot be used. */
export function functionFailed(message: string, exit: Partial<FunctionExit> = {}): RelaisError {
  return new RelaisError('aborted', message, {
    reason: 'function_failed',
    component: 'worker',
    exit: { exitCode: 0, signal: '', stack: '', stderrTail: '', ...exit },
  });
}

export function outputLimit(outputBytesMax: number, usedBytes: number): RelaisError {
  const message = `The function's output is larger than ${outputBytesMax} bytes; return less or raise outputBytesMax.`;
  return new RelaisError('aborted', message, {
    reason: 'output_limit',
    component: 'worker',
    limit: { name: 'outputBytesMax', limit: outputBytesMax, used: usedBytes },
  });
}

/** It died of it, so what it used is at least the limit. */
export function memoryLimit(memoryMb: number, exit: Partial<FunctionExit>, usedMb = memoryMb): RelaisError {
  const message = `The function used more memory than its ${memoryMb} MiB; deploy it with a higher memoryMb.`;
  return new RelaisError('aborted', message, {
    reason: 'memory_limit',
    component: 'worker',
    exit: { exitCode: 0, signal: '', stack: '', stderrTail: '', ...exit },
    limit: { name: 'memoryMb', limit: memoryMb, used: Math.max(memoryMb, usedMb) },
  });
}

/** One more could not be started, so it wanted at least one more than it may have. */
export function pidsLimit(tasksMax: number, exit: Partial<FunctionExit>): RelaisError {
  const message = `The function wanted more than ${tasksMax} processes and threads at once.`;
  return limitReached(message, 'pids_limit', { name: 'tasksMax', limit: tasksMax, used: tasksMax + 1 }, exit);
}

/** Where the kernel ended a process at it, what it used is at least the limit. */
export function cpuLimit(cpuSecondsMax: number, exit: Partial<FunctionExit>, used = cpuSecondsMax): RelaisError {
  const message = `The function used ${cpuSecondsMax} s of CPU time, which one core gives it in its timeoutMs; deploy it with a higher timeoutMs.`;
  return limitReached(message, 'cpu_limit', { name: 'cpuSeconds', limit: cpuSecondsMax, used }, exit);
}

export function fileSizeLimit(fileBytesMax: number, exit: Partial<FunctionExit>): RelaisError {
  const message = `The function wrote a file of more than ${fileBytesMax} bytes.`;
  const limit = { name: 'fileBytesMax', limit: fileBytesMax, used: fileBytesMax + 1 };
  return limitReached(message, 'file_size_limit', limit, exit);
}

function limitReached(
  message: string,
  reason: string,
  limit: { readonly name: string; readonly limit: number; readonly used: number },
  exit: Partial<FunctionExit>,
): RelaisError {
  const details = { exitCode: 0, signal: '', stack: '', stderrTail: '', ...exit };
  return new RelaisError('aborted', message, { reason, component: 'worker', exit: details, limit });
}

/** "exit code 3" or "signal SIGSEGV". */
export function describeExit(exit: ProcessExit): string {
  return exit.signal === '' ? `exit code ${exit.exitCode}` : `signal ${exit.signal}`;
}

/** The source does not build. Every diagnostic names the file as the caller gave it. */
export function compileError(diagnostics: readonly Diagnostic[]): RelaisError {
  const [first] = diagnostics;
  const where = first && first.line > 0 ? `${first.file}:${first.line}: ` : '';
  return new RelaisError('invalid_argument', `The source does not compile: ${where}${first?.message ?? 'no details'}`, {
    reason: 'compile_error',
    component: 'worker',
    diagnostics,
  });
}

/** The files of a function could not be put where its processes find them; nothing of it has run. */
export function filesNotWritten(cause: unknown): RelaisError {
  return new RelaisError(
    'unavailable',
    'This machine could not store the files of the function; its disk may be full.',
    {
      reason: 'files_not_written',
      component: 'worker',
      cause,
    },
  );
}

/** The sandbox of this machine cannot give a process the loopback that its way to the network begins at. */
export function networkUnavailable(sandbox: string): RelaisError {
  const message = `A function with a network cannot be started in the sandbox ${sandbox} here: apt-get install iproute2, or bubblewrap.`;
  return new RelaisError('failed_precondition', message, { reason: 'network_unavailable', component: 'worker' });
}

/** No socket can be made where the doors of processes are. */
export function socketPathTooLong(): RelaisError {
  const message =
    'A function with a network cannot be started here: the folder for temporary files has too long a path for sockets. Start Relais with a shorter TMPDIR.';
  return new RelaisError('failed_precondition', message, { reason: 'network_unavailable', component: 'worker' });
}

/** A process ended with the one that it was forked from, through no fault of its function. */
export function processLost(): RelaisError {
  return new RelaisError('unavailable', 'The process that ran this call was lost with the one that had started it.', {
    reason: 'process_lost',
    component: 'worker',
    retryable: false,
  });
}

/** A process could not be started; nothing of the call has run. */
export function processStartFailed(cause: unknown): RelaisError {
  return new RelaisError('unavailable', 'This machine could not start a process; try again when it has room.', {
    reason: 'process_start_failed',
    component: 'worker',
    cause,
  });
}
