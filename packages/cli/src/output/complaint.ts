import type { Diagnostic, RelaisError, Timings } from '@relais/sdk';
import { adviceFor } from './advice.js';
import type { Paint } from './paint.js';
import { jsonLine, safeText } from './safe-text.js';
import { type SourceLine, sourceLineOf } from './source-lines.js';
import { durationText } from './units.js';

/** A failure as a person reads it: code and reason, what happened, what is known, what to do. Never our own stack. */
export function complaint(
  failure: RelaisError,
  paint: Paint,
  sourceLine: SourceLine = sourceLineOf(failure),
  usage?: string,
): string {
  const { code, reason, timings } = failure;
  const title = reason === code ? code : `${code} (${reason})`;
  const lines = [
    `${paint('red', 'relais:')} ${paint('bold', title)}: ${safeText(failure.message)}`,
    ...failure.diagnostics.flatMap((diagnostic) => diagnosticLines(diagnostic, paint, sourceLine)),
    ...exitLines(failure, paint),
    ...(timings && code === 'deadline_exceeded' ? [`  where the time went: ${timingsText(timings)}`] : []),
    ...(failure.invocationId ? [paint('dim', `  invocation ${failure.invocationId}`)] : []),
    `  ${paint('cyan', 'next:')} ${adviceFor(failure, usage)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** A failure for a program, in the one shape of the contract. */
export function complaintJson(failure: RelaisError, usage?: string): string {
  const { code, component, diagnostics, exit, fault, invocationId, limit, message, reason, retryAfterMs } = failure;
  const { retryable, timings, traceId, workerId } = failure;
  const known = { component, invocationId, traceId, workerId, retryAfterMs, exit, limit, timings };
  const told = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined && value !== ''));
  const error = { code, message, reason, fault, retryable, ...told, next: adviceFor(failure, usage) };
  return jsonLine({ ok: false, error: diagnostics.length > 0 ? { ...error, diagnostics } : error });
}

/** Queue, cold start and run as one line. */
export function timingsText({ coldUs, queuedUs, runUs }: Timings): string {
  const text = (us: number) => durationText(us / 1000);
  return `queued ${text(queuedUs)}, cold start ${text(coldUs)}, running ${text(runUs)}`;
}

/** file:line:column with the line itself and a mark under the column. */
export function diagnosticLines(
  { column, file, line, message, severity }: Diagnostic,
  paint: Paint,
  sourceLine: SourceLine,
): string[] {
  const place = [file, line, column].filter((part) => part !== 0 && part !== '').join(':');
  const colour = severity === 'error' ? 'red' : 'yellow';
  const head = `  ${place}: ${paint(colour, severity)}: ${safeText(message)}`;
  const text = line > 0 ? sourceLine(file, line) : undefined;
  if (text === undefined) return [head];
  const number = String(line).padStart(5);
  const before = safeText(text)
    .slice(0, Math.max(0, column - 1))
    .replace(/[^\t]/g, ' ');
  const mark = column > 0 ? [`${' '.repeat(5)} | ${before}${paint(colour, '^')}`] : [];
  return [head, `${number} | ${safeText(text)}`, ...mark];
}

function exitLines({ exit }: RelaisError, paint: Paint): string[] {
  if (!exit) return [];
  const said = (title: string, text: string) =>
    text.trim() === '' ? [] : [paint('dim', `  ${title}:`), ...indented(safeText(text))];
  const ended = exit.signal ? [`  ended by ${exit.signal}`] : exit.exitCode ? [`  exit code ${exit.exitCode}`] : [];
  return [...ended, ...said('its stack', exit.stack), ...said('it wrote last', exit.stderrTail)];
}

function indented(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`);
}
