import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RelaisError } from '@relais/kit';
import { type Subject, slowTestMs } from './subject.js';
import { descendantPids, type FixtureSource, failureOf, testCall, until } from './support.js';

export function cancelCases(subject: Subject, source: FixtureSource): void {
  test(
    'a cancelled call answers with the failure given and leaves no process',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'relais-conformance-'));
      const startedFile = join(directory, 'started');
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
      rmSync(directory, { recursive: true });
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

function readPid(file: string): number {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10);
  } catch {
    return Number.NaN;
  }
}
