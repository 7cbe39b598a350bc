import { createLogger } from './create-logger.js';
import { terminalSafe } from './terminal-safe.js';

test('nothing a terminal would obey is left, and nothing else is changed', () => {
  expect(terminalSafe('\x1b[2J\x1b]0;title\x07 \x9b31m \r over \u202egnp.exe\u2028')).toBe(
    '\\x1b[2J\\x1b]0;title\\x07 \\x9b31m \\x0d over \\u202egnp.exe\\u2028',
  );
  expect(terminalSafe('tab\tand\nline, ümlaut, 漢字, 🙂')).toBe('tab\tand\nline, ümlaut, 漢字, 🙂');
});

test('no message, field, name or stack of a log for people reaches the terminal with a command in it, or makes a line', () => {
  const lines: string[] = [];
  const logger = createLogger({
    component: 'gateway',
    level: 'debug',
    pretty: true,
    destination: { write: (line) => lines.push(line) },
  });
  const hostile = 'x\x1b[31m\r\n12:00:00.000 error gateway forged \x9b';
  const error = Object.assign(new Error(hostile), { stack: `Error: ${hostile}\n    at f` });
  logger.warn({ [hostile]: hostile, error, text: hostile }, hostile);
  expect(lines.join('').replace(/\n/g, '')).not.toMatch(/\p{Cc}/u);
  expect(
    lines
      .join('')
      .split('\n')
      .filter((line) => /^12:00:00.000 error/.test(line)),
  ).toEqual([]);
});
