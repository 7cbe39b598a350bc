import { RelaisError } from '../errors/relais-error.js';
import { createLogger, type LoggerOptions, logLevels } from './create-logger.js';

function logTo(lines: string[], over: Partial<LoggerOptions> = {}) {
  const destination = { write: (line: string) => lines.push(line) };
  return createLogger({ component: 'balancer', level: 'debug', destination, ...over });
}

test('a line is JSON with level, time, component, pid, fields and message', () => {
  const lines: string[] = [];
  logTo(lines).warn({ workerId: 'w1', jobs: 3 }, 'worker lost');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.endsWith('}\n')).toBe(true);
  const { time, ...rest } = JSON.parse(lines[0] ?? '');
  expect(rest).toEqual({
    level: 'warn',
    component: 'balancer',
    pid: process.pid,
    workerId: 'w1',
    jobs: 3,
    msg: 'worker lost',
  });
  expect(new Date(time).toISOString()).toBe(time);
});

test.each(logLevels.map((level, index) => [level, 4 - index] as const))(
  'level %s lets %d of four through',
  (level, count) => {
    const lines: string[] = [];
    const logger = logTo(lines, { level });
    logger.debug({}, 'one');
    logger.info({}, 'two');
    logger.warn({}, 'three');
    logger.error({}, 'four');
    expect(lines).toHaveLength(count);
  },
);

test('an error is written with its code and the chain of its causes', () => {
  const lines: string[] = [];
  const root = Object.assign(new Error('disk full'), { code: 'ENOSPC' });
  const failure = new RelaisError('unavailable', 'Storage is away.', {
    reason: 'storage_lost',
    cause: new AggregateError([root, 'odd'], 'both copies failed', { cause: null }),
  });
  logTo(lines).error({ error: failure }, 'deploy failed');
  expect(JSON.parse(lines[0] ?? '').error).toMatchObject({
    name: 'RelaisError',
    code: 'unavailable',
    reason: 'storage_lost',
    fault: 'platform',
    message: 'Storage is away.',
    stack: expect.stringContaining('create-logger.test'),
    cause: {
      message: 'both copies failed',
      cause: null,
      errors: [{ message: 'disk full', code: 'ENOSPC' }, 'odd'],
    },
  });
});

test('an error given as the fields themselves is written the same', () => {
  const lines: string[] = [];
  logTo(lines).error(new RelaisError('internal', 'Broken.'), 'crash');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'crash', error: { code: 'internal', message: 'Broken.' } });
});

test('what is hostile makes one bounded line all the same', () => {
  const lines: string[] = [];
  const loop = new Error('x'.repeat(1_000_000));
  loop.cause = loop;
  const circle: Record<string, unknown> = { big: 10n, text: 'a\nb\u2028"' };
  circle.self = circle;
  const logger = logTo(lines);
  logger.error({ error: loop }, 'loop');
  logger.info(circle, 'two\nlines');
  logger.info({ error: 'just text' }, 'text');
  expect(lines.map((line) => line.split('\n').length)).toEqual([2, 2, 2]);
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['loop', 'two\nlines', 'text']);
  expect(lines[0]?.length).toBeLessThan(100_000);
});

test('for people: time, level, component, message, fields, then stacks with their causes', () => {
  const lines: string[] = [];
  const logger = logTo(lines, { pretty: true });
  logger.info({ port: 8080 }, 'listening');
  logger.error({ error: new Error('outer', { cause: new Error('inner') }) }, 'failed');
  logger.warn({ error: 'text' }, 'odd');
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}info {3}balancer {2}listening {2}port=8080\n$/);
  expect(lines[1]).toMatch(/error {2}balancer {2}failed\n {2}Error: outer\n(.*\n)* {2}Error: inner\n/);
  expect(lines[2]).toMatch(/odd\n {2}"text"\n$/);
});
