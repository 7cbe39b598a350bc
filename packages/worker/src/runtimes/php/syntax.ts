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
): Promise<Form> {
  const options = { lang: 'php', entry: work.config?.entry ?? '' };
  const source = await provideSource(launcher, work.source, work.filename, options);
  const run = { command: path, readable, input: source.content, budgetMs, outputBytesMax };
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

/** PHP prints "KIND: MESSAGE in FILE on line LINE". */
function diagnosticOf({ stdout }: ToolResult, source: GuestSource): Diagnostic {
  const [, message = 'The source cannot be compiled as PHP.', line = '0'] =
    /^((?:Parse|Fatal|Compile) error: .*) in .* on line (\d+)$/m.exec(stdout) ?? [];
  const shown = message.replaceAll(`${source.directory ?? ''}/`, '').replaceAll('Standard input code', source.filename);
  return { file: source.filename, line: Number(line), column: 0, severity: 'error', message: shown };
}
