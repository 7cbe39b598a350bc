import { ManualClock } from '../time/manual-clock.js';
import type { Component } from './component.js';
import { ComponentGroup } from './component-group.js';

/** A member that writes down what happens to it; `on` replaces a step. */
function member(name: string, log: string[], on: Partial<Omit<Component, 'name'>> = {}): Component {
  return {
    name,
    start: async () => {
      log.push(`start ${name}`);
      await on.start?.();
    },
    stop: async (graceMs) => {
      log.push(`stop ${name} ${graceMs}`);
      await on.stop?.(graceMs);
    },
  };
}

const reject = (text: string) => () => Promise.reject(new Error(text));

test('starts in order, stops in reverse, and only once', async () => {
  const log: string[] = [];
  const group = new ComponentGroup('all', [member('a', log), member('b', log), member('c', log)], new ManualClock());
  await group.start();
  expect(group.state).toBe('running');
  await Promise.all([group.stop(5), group.stop(9)]);
  await group.stop(1);
  expect(log).toEqual(['start a', 'start b', 'start c', 'stop c 5', 'stop b 5', 'stop a 5']);
  expect(group.state).toBe('stopped');
});

test('waits for one to be up before it starts the next', async () => {
  const log: string[] = [];
  const up = Promise.withResolvers<void>();
  const group = new ComponentGroup('all', [member('a', log, { start: () => up.promise }), member('b', log)]);
  const starting = group.start();
  expect([log, group.state]).toEqual([['start a'], 'starting']);
  up.resolve();
  await starting;
  expect(log).toEqual(['start a', 'start b']);
});

test('one that fails to start stops itself and those before it, and says why', async () => {
  const log: string[] = [];
  const members = [
    member('a', log, { stop: reject('a will not stop') }),
    member('b', log, { start: reject('port taken') }),
    member('c', log),
  ];
  const group = new ComponentGroup('all', members);
  await expect(group.start()).rejects.toThrow('port taken');
  expect(log).toEqual(['start a', 'start b', 'stop b 0', 'stop a 0']);
  expect(group.state).toBe('stopped');
});

test('the grace is shared: each gets what those before it left', async () => {
  const log: string[] = [];
  const clock = new ManualClock();
  const take = (ms: number) => ({ stop: async () => clock.advance(ms) });
  const group = new ComponentGroup(
    'all',
    [member('a', log), member('b', log, take(80)), member('c', log, take(30))],
    clock,
  );
  await group.start();
  await group.stop(100);
  expect(log.slice(3)).toEqual(['stop c 100', 'stop b 70', 'stop a 0']);
});

test('every member is stopped even when some fail, and all failures are told', async () => {
  const log: string[] = [];
  const members = [
    member('a', log, { stop: reject('one') }),
    member('b', log),
    member('c', log, { stop: reject('two') }),
  ];
  const group = new ComponentGroup('all', members, new ManualClock());
  await group.start();
  const failure = await group.stop(0).catch((error: unknown) => error);
  expect(failure).toMatchObject({ errors: [{ message: 'two' }, { message: 'one' }] });
  expect(log.slice(3)).toEqual(['stop c 0', 'stop b 0', 'stop a 0']);
});

test('stopped while starting: the rest never starts, and what came up late is stopped again', async () => {
  const log: string[] = [];
  const begun = Promise.withResolvers<void>();
  const up = Promise.withResolvers<void>();
  const start = () => {
    begun.resolve();
    return up.promise;
  };
  const members = [member('a', log), member('b', log, { start }), member('c', log)];
  const group = new ComponentGroup('all', members, new ManualClock());
  const outcome = group.start().catch((error: unknown) => error);
  await begun.promise;
  await group.stop(7);
  expect(log).toEqual(['start a', 'start b', 'stop b 7', 'stop a 7']);
  up.resolve();
  expect(await outcome).toMatchObject({ code: 'cancelled' });
  expect(log.slice(4)).toEqual(['stop b 0']);
  expect(group.state).toBe('stopped');
});

test('stopped before it started, it stays down', async () => {
  const log: string[] = [];
  const group = new ComponentGroup('all', [member('a', log)]);
  await group.stop(0);
  await expect(group.start()).rejects.toMatchObject({ code: 'cancelled' });
  expect([log, group.state]).toEqual([[], 'stopped']);
});

test('groups nest', async () => {
  const log: string[] = [];
  const clock = new ManualClock();
  const inner = new ComponentGroup('inner', [member('b', log), member('c', log, { start: reject('no') })], clock);
  const group = new ComponentGroup('outer', [member('a', log), inner], clock);
  await expect(group.start()).rejects.toThrow('no');
  expect(log).toEqual(['start a', 'start b', 'start c', 'stop c 0', 'stop b 0', 'stop a 0']);
});
