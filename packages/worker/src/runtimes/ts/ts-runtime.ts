import type { BuildOutcome, BuildWork } from '@relais/contracts';
import { archiveFormat } from '../../sources/source-tree.js';
import { createJsRuntime, type JsRuntimeOptions } from '../js/js-runtime.js';
import type { Runtime } from '../runtime.js';
import { stripTypes } from './strip-types.js';

/**
 * TypeScript: the types of a plain source are taken out when it is built, those of several files as they are loaded; what
 * is left runs like JavaScript. Types are not checked.
 */
export function createTsRuntime(options: JsRuntimeOptions): Runtime {
  const { launcher, clock } = options;
  const js = createJsRuntime(options, 'ts');
  return {
    ...js,
    async build(work: BuildWork, budgetMs: number, signal?: AbortSignal): Promise<BuildOutcome> {
      if (archiveFormat(work.source)) return js.build(work, budgetMs, signal);
      const beganMs = clock.nowMs();
      const artifact = await stripTypes(launcher, clock, work, budgetMs, signal);
      const leftMs = Math.max(1, budgetMs - (clock.nowMs() - beganMs));
      return { ...(await js.build({ ...work, source: artifact }, leftMs, signal)), artifact };
    },
  };
}
