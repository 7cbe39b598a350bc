import { observed, run, testEngine, testVersion } from '../../../wasm/testing/load.js';
import { slowTestMs } from '../../conformance/subject.js';
import { sourceBytes } from '../../conformance/support.js';
import type { RuntimeFixtures } from '../../conformance.js';
import type { Runtime } from '../../runtime.js';

/** Registers the test that nothing survives a call in a language that becomes WASM. Closes the runtime. */
export function counterNeverSurvives(runtime: Runtime, { filename, sources }: RuntimeFixtures): void {
  test(
    `${runtime.lang}: a counter never survives in 10,000 interleaved calls of two functions`,
    async () => {
      const work = { source: await sourceBytes(sources.counter), filename, config: undefined };
      const { artifact } = await runtime.build(work, slowTestMs);
      await runtime.close();
      const engine = testEngine();
      const pair = [await engine.load(testVersion(), artifact), await engine.load(testVersion(), artifact)];
      const seen = new Set<string>();
      const instances = { reset: 0, new: 0 };
      for (let call = 0; call < 5000; call += 1) {
        for (const fn of pair) {
          const outcome = run(fn);
          seen.add(JSON.stringify(observed(outcome)));
          instances[outcome.attributes?.['relais.wasm.instance'] as keyof typeof instances] += 1;
        }
      }
      expect([...seen]).toEqual([JSON.stringify({ output: '1', logs: '', logsTruncated: false })]);
      // Otherwise new instances would have been counted, which prove nothing about putting back.
      expect(instances.reset).toBeGreaterThan(9_000);
      engine.close();
    },
    slowTestMs,
  );
}
