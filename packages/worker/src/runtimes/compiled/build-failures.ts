import { RelaisError } from '@relais/kit';

export function closedForBuilds(): RelaisError {
  return new RelaisError('unavailable', 'This worker is shutting down and compiles nothing more.', {
    reason: 'shutting_down',
  });
}

export function buildQueueFull(lengthMax: number): RelaisError {
  return new RelaisError('resource_exhausted', 'Too many compiles are waiting on this worker. Try again shortly.', {
    reason: 'queue_full',
    fault: 'platform',
    limit: { name: 'compileQueueLengthMax', limit: lengthMax, used: lengthMax + 1 },
  });
}

export function compilerCrashed(): RelaisError {
  const message = 'The compiler broke down on this source; it may need more memory than it can have.';
  return new RelaisError('aborted', message, { reason: 'compiler_crashed' });
}

export function buildCpuLimit(cpuSecondsMax: number): RelaisError {
  const message = `Compiling used ${cpuSecondsMax} s of CPU time in one process and was stopped.`;
  const limit = { name: 'cpuSeconds', limit: cpuSecondsMax, used: cpuSecondsMax };
  return new RelaisError('aborted', message, { reason: 'cpu_limit', limit });
}

export function buildTooSlow(budgetMs: number): RelaisError {
  return new RelaisError('deadline_exceeded', `The source was not compiled within ${Math.round(budgetMs)} ms.`, {
    reason: 'build_timeout',
  });
}

/** Its time went by while others were compiled. */
export function buildNotBegun(budgetMs: number): RelaisError {
  const message = `The compiler was busy with other builds for all of the ${Math.round(budgetMs)} ms; try again.`;
  const fields = { reason: 'build_timeout', fault: 'platform', notStarted: true, retryable: true } as const;
  return new RelaisError('deadline_exceeded', message, fields);
}

/** What is kept while a build runs found no room on the disk of this machine. */
export function noRoomForBuild(cause: unknown): RelaisError {
  const message =
    'The disk for temporary files of this machine is full; make room there, or try again when others have.';
  const fields = { reason: 'scratch_full', fault: 'platform', notStarted: true, retryable: true, cause } as const;
  return new RelaisError('unavailable', message, fields);
}

/** `message` names the tool and how to install it. */
export function toolchainAbsent(message: string): RelaisError {
  return new RelaisError('failed_precondition', message, { reason: 'toolchain_absent', component: 'worker' });
}

/** A directory of the source has the name of a file that the build adds, or the other way round. */
export function nameOfOurs(path: string): RelaisError {
  const message = `The build has a file or directory of its own where the source has ${JSON.stringify(path)}; give that another name.`;
  return new RelaisError('invalid_argument', message, { reason: 'reserved_name' });
}

/** What a build left where its result belongs is a link, a pipe, a device or a directory. */
export function noPlainFile(): RelaisError {
  const message = 'The build left something else than a plain file where its result belongs.';
  return new RelaisError('invalid_argument', message, { reason: 'compile_error' });
}

export function artifactTooLarge(usedBytes: number, limitBytes: number): RelaisError {
  return new RelaisError('invalid_argument', `The compiled module has ${usedBytes} bytes; ${limitBytes} are allowed.`, {
    reason: 'artifact_too_large',
    limit: { name: 'artifactBytesMax', limit: limitBytes, used: usedBytes },
  });
}
