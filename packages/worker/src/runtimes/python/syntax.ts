import { basename, join } from 'node:path';
import { type BuildWork, Form } from '@relais/contracts';
import type { Clock } from '@relais/kit';
import { compileError } from '../../processes/failures.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { runTool } from '../../processes/run-tool.js';

const checkPath = join(import.meta.dirname, 'check.py');
const outputBytesMax = 64 * 1024;

interface Verdict {
  readonly handler?: boolean;
  readonly line?: number;
  readonly column?: number;
  readonly message?: string;
}

/**
 * Compiles a source in a process of its own, without running it: its form, or a rejection with compile_error and a
 * diagnostic with file, line and column.
 */
export async function checkSyntax(
  launcher: ProcessLauncher,
  clock: Clock,
  interpreterPath: string,
  work: BuildWork,
  budgetMs: number,
): Promise<Form> {
  const file = basename(work.filename);
  const args = ['-I', '-S', '-B', '-X', 'utf8', checkPath, file];
  const result = await runTool(launcher, clock, {
    command: interpreterPath,
    args,
    input: work.source,
    budgetMs,
    outputBytesMax,
  });
  const verdict = parseVerdict(result.stdout);
  if (verdict.handler !== undefined) return verdict.handler ? Form.FORM_HANDLER : Form.FORM_PROGRAM;
  const { line = 0, column = 0, message = 'The source cannot be parsed as Python.' } = verdict;
  throw compileError([{ file, line, column, severity: 'error', message }]);
}

// The parser itself may crash on a hostile source, and then says nothing.
function parseVerdict(stdout: string): Verdict {
  try {
    return JSON.parse(stdout) as Verdict;
  } catch {
    return {};
  }
}
