import type { LogLine } from '@relais/sdk';
import type { Paint } from '../output/paint.js';
import { safeText } from '../output/safe-text.js';

const colours = { debug: 'dim', info: 'cyan', warn: 'yellow', error: 'red' } as const;
const levelChars = 5;

/** A line for a person: when its call ended, whose it is, how severe, and what was printed, harmless to a terminal. */
export function lineText(line: LogLine, paint: Paint): string {
  const { invocationId, level, platform, text, timeMs, version } = line;
  const time = paint('dim', new Date(timeMs).toISOString().slice('2000-01-01T'.length));
  const colour = Object.hasOwn(colours, level) ? colours[level as keyof typeof colours] : 'red';
  const severity = paint(colour, safeText(level).padEnd(levelChars));
  const said = platform ? paint('dim', `${safeText(text)} (invocation ${safeText(invocationId)})`) : safeText(text);
  return `${time} ${paint('bold', `${safeText(line.function)}@${version}`)} ${severity} ${said}\n`;
}

/** A line as JSON for programs. */
export function plainLine(line: LogLine): object {
  const { invocationId, level, linesDropped, platform, text, timeMs, traceId, version } = line;
  const dropped = linesDropped > 0 ? { linesDropped } : {};
  const time = new Date(timeMs).toISOString();
  return { time, function: line.function, version, invocationId, traceId, level, text, platform, ...dropped };
}
