import { FunctionConfig } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import type { RuntimeFixtures } from './fixtures.js';
import { type Subject, slowTestMs } from './subject.js';
import {
  conformanceBudgetMs,
  conformanceLimits,
  failureOf,
  namesHostPath,
  outputOf,
  rejectionOf,
  sourceBytes,
} from './support.js';

export function failureCases(subject: Subject): void {
  test(
    'answers an exit code with function_failed, the code and the tail of standard error',
    async () => {
      const outcome = await (await subject.get('exit')).call();
      const error = failureOf(outcome);
      expect(error).toMatchObject({ code: 'aborted', fault: 'function' });
      expect(error.fields.reason).toBe('function_failed');
      expect(error.fields.exit).toMatchObject({ exitCode: 3, signal: '' });
      expect(error.fields.exit?.stderrTail).toContain('about to fail\n');
      expect(outcome.logs).toContain('about to fail\n');
    },
    slowTestMs,
  );

  test(
    'answers a crash with function_failed and a usable stack',
    async () => {
      const error = failureOf(await (await subject.get('crash')).call());
      expect(error).toMatchObject({ code: 'aborted', fault: 'function' });
      expect(error.fields.reason).toBe('function_failed');
      const evidence = `${error.fields.exit?.stack}\n${error.fields.exit?.stderrTail}`;
      expect(evidence).toContain('explode');
      expect(namesHostPath(`${error.message}\n${evidence}`)).toBe(false);
      expect(Buffer.byteLength(error.fields.exit?.stack ?? '')).toBeLessThanOrEqual(8192);
    },
    slowTestMs,
  );

  test(
    'answers too much output with output_limit and the limit',
    async () => {
      const error = failureOf(await (await subject.get('flood')).call());
      expect(error).toMatchObject({ code: 'aborted', fault: 'function' });
      expect(error.fields.reason).toBe('output_limit');
      expect(error.fields.limit).toMatchObject({ name: 'outputBytesMax', limit: conformanceLimits.outputBytesMax });
      expect(error.fields.limit?.used).toBeGreaterThan(conformanceLimits.outputBytesMax);
    },
    slowTestMs,
  );

  test(
    'works after every kind of failure',
    async () => {
      for (const key of ['exit', 'crash', 'flood', 'exit'] as const) {
        failureOf(await (await subject.get(key)).call());
        expect(outputOf(await (await subject.get('hello')).call()).toString()).toBe('hello\n');
      }
    },
    slowTestMs,
  );
}

export function buildCases(subject: Subject, fixtures: RuntimeFixtures): void {
  test(
    'builds to the form expected',
    async () => {
      const { built } = await subject.get('hello');
      expect(built).toMatchObject({ form: fixtures.form, wasm: fixtures.wasm, diagnostics: [] });
    },
    slowTestMs,
  );

  test(
    'answers a source that does not build with diagnostics and no host path',
    async () => {
      const error = await rejectionOf(subject.deploy(fixtures.sources.invalid));
      expect(error).toMatchObject({ code: 'invalid_argument', fault: 'caller' });
      expect(error.fields.reason).toBe('compile_error');
      const first = (error.fields.diagnostics ?? []).find((diagnostic) => diagnostic.severity === 'error');
      expect(first).toMatchObject({ file: fixtures.filename, line: fixtures.invalidLine });
      expect(first?.message).not.toBe('');
      expect(first?.column).toBeGreaterThanOrEqual(0);
      expect(namesHostPath(`${error.message} ${JSON.stringify(error.fields.diagnostics)}`)).toBe(false);
    },
    slowTestMs,
  );

  test(
    'a build that nobody wants any more rejects with the reason',
    async () => {
      const source = await sourceBytes(fixtures.sources.hello);
      const gone = new AbortController();
      const work = { source, filename: fixtures.filename, config: FunctionConfig.create() };
      const building = rejectionOf(subject.runtime.build(work, conformanceBudgetMs, gone.signal));
      gone.abort(new RelaisError('cancelled', 'The caller has gone.'));
      expect((await building).code).toBe('cancelled');
      await subject.runtime.build(work, conformanceBudgetMs);
    },
    slowTestMs,
  );

  test('survives a source of random bytes', async () => {
    const noise = Uint8Array.from({ length: 4096 }, (_, index) => (index * 2654435761) >>> 24);
    const failure = await subject.deploy(noise).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(RelaisError.is(failure)).toBe(true);
  });
}
