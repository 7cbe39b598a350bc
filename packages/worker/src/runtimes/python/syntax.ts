import { join } from 'node:path';
import { type BuildWork, Form } from '@relais/contracts';
import type { Clock } from '@relais/kit';
import { compileError } from '../../processes/failures.js';
import { provideSource } from '../../processes/guest-source.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { runTool } from '../../processes/run-tool.js';
import type { Interpreter } from '../interpreted/interpreted-runtime.js';

const checkPath = join(import.meta.dirname, 'check.py');
const outputBytesMax = 64 * 1024;

interface Verdict {
  readonly handler?: boolean;
  /** Where the error is. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly message?: string;
}

/**
 * Compiles a source, of several files all of them, in a process of its own without running it: its form, or a rejection
 * with compile_error and a diagnostic with file, line and column. Rejects like provideSource too.
 */
export async function checkSyntax(
  launcher: ProcessLauncher,
  clock: Clock,
  { path, readable }: Interpreter,
  work: BuildWork,
  budgetMs: number,
  signal?: AbortSignal,
): Promise<Form> {
  const endMs = clock.nowMs() + budgetMs;
  const options = { lang: 'python', entry: work.config?.entry ?? '' };
  const source = await provideSource(launcher, work.source, work.filename, options);
  try {
    const { filename, directory, content } = source;
    const args = ['-I', '-S', '-B', '-X', 'utf8', checkPath, filename, ...(directory ? [directory] : [])];
    const leftMs = Math.max(1, endMs - clock.nowMs());
    const run = { command: path, args, readable, input: content, budgetMs: leftMs, outputBytesMax, signal };
    return formOf(parseVerdict((await runTool(launcher, clock, run)).stdout), filename);
  } finally {
    await source.remove();
  }
}

function formOf(verdict: Verdict, filename: string): Form {
  if (verdict.handler !== undefined) return verdict.handler ? Form.FORM_HANDLER : Form.FORM_PROGRAM;
  const { file = filename, line = 0, column = 0, message = 'The source cannot be parsed as Python.' } = verdict;
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
