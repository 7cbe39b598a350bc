import type { BuildOutcome, BuildWork } from '@relais/contracts';
import { createJsRuntime, type JsRuntimeOptions } from '../js/js-runtime.js';
import type { Runtime } from '../runtime.js';
import { stripTypes } from './strip-types.js';

/** TypeScript: its types are taken out when it is built, and what is left runs like JavaScript. Types are not checked. */
export function createTsRuntime(options: JsRuntimeOptions): Runtime {
  const { launcher, clock } = options;
  const js = createJsRuntime(options);
  return {
    lang: 'ts',
    style: js.style,
    probe: async () => ({ ...(await js.probe()), lang: 'ts' }),
    async build(work: BuildWork, budgetMs: number): Promise<BuildOutcome> {
      const beganMs = clock.nowMs();
      const artifact = await stripTypes(launcher, clock, work, budgetMs);
      const leftMs = Math.max(1, budgetMs - (clock.nowMs() - beganMs));
      return { ...(await js.build({ ...work, source: artifact }, leftMs)), artifact };
    },
    load: (version, artifact) => js.load(version, artifact),
    close: () => js.close(),
  };
}
