import { basename, join } from 'node:path';
import type { BuildWork } from '@relais/contracts';
import type { Clock } from '@relais/kit';
import { compileError } from '../../processes/failures.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { runTool } from '../../processes/run-tool.js';

const stripPath = join(import.meta.dirname, 'strip.mjs');
/** JSON may write every character of a source of 10 MiB as an escape, and a source map comes on top. */
const outputBytesMax = 96 * 1024 * 1024;

interface Verdict {
  readonly code?: string;
  readonly line?: number;
  readonly column?: number;
  readonly message?: string;
}

/**
 * Makes JavaScript of TypeScript in a process of its own, without checking types and without running it. Rejects with
 * compile_error and a diagnostic with file, line and column.
 */
export async function stripTypes(
  launcher: ProcessLauncher,
  clock: Clock,
  work: BuildWork,
  budgetMs: number,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const file = basename(work.filename);
  const { stdout } = await runTool(launcher, clock, {
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', stripPath, file],
    input: work.source,
    budgetMs,
    outputBytesMax,
    signal,
  });
  const { code, line = 0, column = 0, message = 'The source cannot be parsed as TypeScript.' } = parseVerdict(stdout);
  if (code !== undefined) return Buffer.from(code);
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
