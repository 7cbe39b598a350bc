import { Form, Isolation } from '@relais/contracts';
import type { RuntimeFixtures } from './fixtures.js';
import { type Subject, slowTestMs } from './subject.js';
import { type FixtureSource, outputOf, type TestFunction } from './support.js';

const fresh = { isolation: Isolation.ISOLATION_FRESH };
const reuse = { isolation: Isolation.ISOLATION_REUSE };

/** Both directions of the dial. A program of an interpreter has a process of its own for each call, whatever the dial says. */
export function isolationCases(subject: Subject, fixtures: RuntimeFixtures): void {
  const survives = fixtures.form === Form.FORM_HANDLER || fixtures.wasm;
  const sources = { ...fixtures.sources, ...fixtures.reusable };

  test(
    'with isolation fresh nothing survives a call',
    async () => {
      const fn = await subject.deploy(fixtures.sources.counter, fresh);
      expect(await counts(fn, 10)).toEqual(Array.from({ length: 10 }, () => 1));
      await fn.loaded.close();
    },
    slowTestMs,
  );

  test(
    `with isolation reuse state ${survives ? 'survives' : 'cannot survive'}`,
    async () => {
      const fn = await subject.deploy(sources.counter, reuse);
      expect(await counts(fn, 10)).toEqual(Array.from({ length: 10 }, (_, call) => (survives ? call + 1 : 1)));
      await fn.loaded.close();
    },
    slowTestMs,
  );

  test(
    'with isolation reuse each call has its own payload and environment',
    async () => {
      const [echo, environment] = [
        await subject.deploy(sources.echo, reuse),
        await deployGreeting(sources.environment),
      ];
      for (const call of ['one', 'two', 'three']) {
        expect(outputOf(await echo.call({ payload: call })).toString()).toBe(call);
        expect(outputOf(await environment.call({ invocationId: call })).toString()).toBe(`${call}|hi`);
      }
      await echo.loaded.close();
      await environment.loaded.close();
    },
    slowTestMs,
  );

  function deployGreeting(source: FixtureSource): Promise<TestFunction> {
    return subject.deploy(source, { ...reuse, env: { GREETING: 'hi' } });
  }
}

async function counts(fn: TestFunction, calls: number): Promise<number[]> {
  const seen: number[] = [];
  for (let call = 0; call < calls; call += 1) seen.push(Number(outputOf(await fn.call()).toString()));
  return seen;
}
