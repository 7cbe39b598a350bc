import { join } from 'node:path';
import { type BuildWork, type Diagnostic, Form } from '@relais/contracts';
import type { Clock } from '@relais/kit';
import { compileError } from '../../processes/failures.js';
import { type GuestSource, provideSource } from '../../processes/guest-source.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { runTool, type ToolResult } from '../../processes/run-tool.js';
import type { Interpreter } from '../interpreted/interpreted-runtime.js';

const checkPath = join(import.meta.dirname, 'check.php');
const outputBytesMax = 64 * 1024;
/** Errors of the compiler come on standard output, whatever the machine's php.ini says. */
const lintArgs = ['-d', 'display_errors=1', '-d', 'log_errors=0', '-d', 'html_errors=0', '-l'];

interface Verdict {
  readonly handler?: boolean;
  readonly file?: string;
  readonly line?: number;
  readonly message?: string;
}

/**
 * Parses and compiles a source in processes of their own, without running it: its form, or a rejection with compile_error
 * and a diagnostic with file and line; PHP knows no columns.
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
  const options = { lang: 'php', entry: work.config?.entry ?? '' };
  const source = await provideSource(launcher, work.source, work.filename, options);
  const leftMs = Math.max(1, endMs - clock.nowMs());
  const run = { command: path, readable, input: source.content, budgetMs: leftMs, outputBytesMax, signal };
  const { filename, directory } = source;
  const checkArgs = directory === undefined ? [filename] : [filename, directory];
  const linted = directory === undefined ? [] : [join(directory, filename)];
  try {
    // The tokenizer knows where functions are and reads every file; only the compiler sees what is wrong beyond grammar.
    const [checked, lint] = await Promise.all([
      runTool(launcher, clock, { ...run, args: [checkPath, ...checkArgs] }),
      runTool(launcher, clock, { ...run, args: [...lintArgs, ...linted] }),
    ]);
    return formOf(checked, lint, source);
  } finally {
    await source.remove();
  }
}

function formOf(checked: ToolResult, lint: ToolResult, source: GuestSource): Form {
  const { handler, file = source.filename, line = 0, message = 'The source cannot be parsed as PHP.' } = parse(checked);
  if (handler === undefined) throw compileError([{ file, line, column: 0, severity: 'error', message }]);
  if (lint.exit.exitCode !== 0 || lint.exit.signal !== '') throw compileError([diagnosticOf(lint, source)]);
  return handler ? Form.FORM_HANDLER : Form.FORM_PROGRAM;
}

// The parser itself may crash on a hostile source, and then says nothing.
function parse({ stdout }: ToolResult): Verdict {
  try {
    return JSON.parse(stdout) as Verdict;
  } catch {
    return {};
  }
}

const kind = /^(?:Parse|Fatal|Compile) error: /;
const place = / on line (\d+)$/;

/** PHP prints "KIND: MESSAGE in FILE on line LINE". */
export function diagnosticOf(
  { stdout }: Pick<ToolResult, 'stdout'>,
  source: Pick<GuestSource, 'directory' | 'filename'>,
): Diagnostic {
  const said = stdout.split('\n').find((one) => kind.test(one) && place.test(one)) ?? '';
  const end = said.lastIndexOf(' in ');
  const message = end === -1 ? 'The source cannot be compiled as PHP.' : said.slice(0, end);
  const line = place.exec(said)?.[1] ?? '0';
  const shown = message.replaceAll(`${source.directory ?? ''}/`, '').replaceAll('Standard input code', source.filename);
  return { file: source.filename, line: Number(line), column: 0, severity: 'error', message: shown };
}
