import { BuildOutcome, type BuildWork, type Diagnostic, Form } from '@relais/contracts';
import { wireDiagnostics } from '@relais/kit';
import { measureIsolationCost } from '../../wasm/isolation-cost.js';
import { compileProgram, entryOf, type Program } from '../../wasm/program.js';
import { memoryMbOf } from '../limits.js';
import { artifactTooLarge } from './build-failures.js';

/**
 * What a compiler's module becomes: an artifact that is known to run here, with what its isolation costs. Rejects with
 * invalid_argument reason artifact_too_large, invalid_wasm or memory_limit.
 */
export async function moduleOutcome(
  module: Uint8Array,
  work: BuildWork,
  diagnostics: Diagnostic[],
  artifactBytesMax: number,
): Promise<BuildOutcome> {
  if (module.length > artifactBytesMax) throw artifactTooLarge(module.length, artifactBytesMax);
  const program = await compileProgram(module, memoryMbOf(work), entryOf(work));
  return { ...programOutcome(program), artifact: Buffer.from(module), diagnostics: wireDiagnostics(diagnostics) };
}

/** The outcome for a module that is run as it came. */
export function programOutcome(program: Program): BuildOutcome {
  const isolationCost = measureIsolationCost(program);
  return BuildOutcome.fromPartial({
    wasm: true,
    form: Form.FORM_PROGRAM,
    ...(isolationCost ? { isolationCost } : {}),
  });
}
