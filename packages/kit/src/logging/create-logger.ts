import { pino } from 'pino';
import { errorFields } from './error-fields.js';
import type { Logger } from './logger.js';
import { prettyLine } from './pretty-line.js';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  /** Role or part that speaks, for example "gateway". */
  readonly component: string;
  /** What is below it is dropped. */
  readonly level: LogLevel;
  /** A line for people instead of JSON. */
  readonly pretty?: boolean;
  /** Takes whole lines with their newline, for example process.stderr. */
  readonly destination: { write(line: string): unknown };
}

/**
 * A log of JSON lines: level, time (ISO, UTC), component, pid, the fields, msg. An error under `error` or `cause`, or given
 * as the fields themselves, is written with its code and chain of causes.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { destination } = options;
  const stream = options.pretty ? { write: (line: string) => destination.write(prettyLine(line)) } : destination;
  return pino(
    {
      level: options.level,
      base: { component: options.component, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      errorKey: 'error',
      serializers: { error: errorFields, cause: errorFields },
    },
    { write: (line: string) => void stream.write(line) },
  );
}
