import { observed, run, testEngine, testVersion } from '../../wasm/testing/load.js';
import { slowTestMs } from '../conformance/subject.js';
import type { FixtureSource } from '../conformance/support.js';
import { goFixtures } from '../go/go-fixtures.js';
import { createGoRuntime } from '../go/go-runtime.js';
import type { Runtime } from '../runtime.js';
import { rustFixtures } from '../rust/rust-fixtures.js';
import { createRustRuntime } from '../rust/rust-runtime.js';
import { testRoot, toolOptions, whereBuilt } from './testing/toolshed.js';

const root = testRoot();
afterAll(root.remove);

type Fixtures = typeof rustFixtures;
const languages: [string, () => Runtime, Fixtures][] = [
  ['rust', () => createRustRuntime(toolOptions(root.directory)), rustFixtures],
  ['go', () => createGoRuntime(toolOptions(root.directory)), goFixtures],
];

/** The module that a deploy of this source makes. */
async function moduleOf(runtime: Runtime, filename: string, source: FixtureSource): Promise<Buffer> {
  const work = { source: Buffer.from(source as string), filename, config: undefined };
  const { artifact } = await runtime.build(work, slowTestMs);
  await runtime.close();
  return artifact;
}

for (const [lang, make, { filename, sources }] of languages) {
  await whereBuilt(make(), () => {
    test(
      `${lang}: a counter never survives in 10,000 interleaved calls of two functions`,
      async () => {
        const module = await moduleOf(make(), filename, sources.counter);
        const engine = testEngine();
        const pair = [await engine.load(testVersion(), module), await engine.load(testVersion(), module)];
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
  });
}
