import { terminalSafe } from './terminal-safe.js';

interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly component: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A JSON log line as a person reads it: `12:30:01.250 warn  balancer  worker lost  workerId="w1"`, then stacks. */
export function prettyLine(json: string): string {
  const { time, level, component, pid: _pid, msg, error, ...fields } = JSON.parse(json) as LogLine;
  const words = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const said = [component, msg ?? '', ...words].map((part) => part.replace(/\n/g, '\\n'));
  const head = [time.slice(11, 23), level.padEnd(5), ...said].join('  ').trimEnd();
  return `${terminalSafe([head, ...stacks(error)].join('\n'))}\n`;
}

function stacks(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return error === undefined ? [] : [`  ${JSON.stringify(error)}`];
  const stack = 'stack' in error ? String(error.stack) : JSON.stringify(error);
  const cause = 'cause' in error ? stacks(error.cause) : [];
  // Each line is set in, so that none passes for a line of the log.
  return [stack.replace(/^/gm, '  '), ...cause];
}
