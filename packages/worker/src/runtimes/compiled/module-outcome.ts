import { BuildOutcome, type BuildWork, type Diagnostic, Form } from '@relais/contracts';
import { analyseModule, checkInitialMemory } from '../../wasm/module/analyse.js';
import { memoryMbOf } from '../limits.js';
import { artifactTooLarge } from './build-failures.js';

/**
 * What a compiler's module becomes: an artifact that is known to run here. Throws invalid_argument reason
 * artifact_too_large, invalid_wasm or memory_limit.
 */
export function moduleOutcome(
  module: Uint8Array,
  work: BuildWork,
  diagnostics: Diagnostic[],
  artifactBytesMax: number,
): BuildOutcome {
  if (module.length > artifactBytesMax) throw artifactTooLarge(module.length, artifactBytesMax);
  checkInitialMemory(analyseModule(module), memoryMbOf(work));
  return BuildOutcome.create({ artifact: Buffer.from(module), wasm: true, form: Form.FORM_PROGRAM, diagnostics });
}
