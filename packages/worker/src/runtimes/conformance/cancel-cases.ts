import { readFileSync, rmSync } from 'node:fs';
import { RelaisError, randomHex } from '@relais/kit';
import { type Subject, slowTestMs } from './subject.js';
import { descendantPids, type FixtureSource, failureOf, testCall, until } from './support.js';

export function cancelCases(subject: Subject, source: FixtureSource): void {
  test(
    'a cancelled call answers with the failure given and leaves no process',
    async () => {
      const startedFile = `/tmp/relais-started-${randomHex(8)}`;
      const fn = await subject.deploy(source, { env: { STARTED_FILE: startedFile } });
      const call = testCall();
      const pending = Promise.resolve(fn.loaded.invoke(call));
      const pid = await pidFrom(startedFile);
      fn.loaded.cancel(call.jobId + 1_000_000, new RelaisError('cancelled', 'unknown ids are ignored'));
      fn.loaded.cancel(call.jobId, new RelaisError('deadline_exceeded', 'given by the test', { reason: 'given' }));
      const error = failureOf(await pending);
      fn.loaded.cancel(call.jobId, new RelaisError('cancelled', 'finished ids are ignored'));
      expect(error).toMatchObject({ code: 'deadline_exceeded', message: 'given by the test' });
      await until('the cancelled process is gone', () => !descendantPids().has(pid));
      await fn.loaded.close();
      rmSync(startedFile, { force: true });
    },
    slowTestMs,
  );

  test(
    'a call cancelled at once answers too',
    async () => {
      const fn = await subject.deploy(source, { env: { STARTED_FILE: '/dev/null' } });
      const call = testCall();
      const pending = Promise.resolve(fn.loaded.invoke(call));
      fn.loaded.cancel(call.jobId, new RelaisError('cancelled', 'given by the test'));
      expect(failureOf(await pending).code).toBe('cancelled');
      await fn.loaded.close();
    },
    slowTestMs,
  );
}

async function pidFrom(file: string): Promise<number> {
  let pid = Number.NaN;
  await until(
    'the function has begun',
    () => {
      pid = readPid(file);
      return pid > 0;
    },
    30_000,
  );
  return pid;
}

/** The process here that calls itself by the number in a file which it may see under a root of its own. */
function readPid(file: string): number {
  const isIt = (pid: number) => {
    const own = Number.parseInt(readFileSync(`/proc/${pid}/root${file}`, 'utf8'), 10);
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^NSpid:.*\b(\d+)$/m.exec(status)?.[1]) === own;
  };
  return [...descendantPids()].find((pid) => holds(() => isIt(pid))) ?? Number.NaN;
}

function holds(condition: () => boolean): boolean {
  try {
    return condition();
  } catch {
    // It has ended, or has no such file.
    return false;
  }
}
