import { ScaleLog } from './scale-log.js';

const snapshot = { instances: 1, stableDemand: 1, panicDemand: 1, idleForMs: 0, panicUntilMs: 0 };
const policy = {
  min: 0,
  max: 9,
  target: 1,
  stableMs: 1,
  panicMs: 1,
  panicFactor: 2,
  upFactorMax: 2,
  downFactorMax: 2,
  idleMs: 1,
};
const decide = (instances: number) => ({ instances, reason: `${instances}`, panicUntilMs: 0 });
const f = { kind: 'function', name: 'f' } as const;
const g = { kind: 'function', name: 'g' } as const;

test('keeps what changes, newest first, and counts what repeats', () => {
  const changes: string[] = [];
  const log = new ScaleLog(
    () => 5,
    (kind, direction) => changes.push(`${kind} ${direction}`),
  );
  for (const count of [1, 1, 1, 2]) log.record(f, snapshot, policy, decide(count));
  log.record(g, snapshot, policy, decide(1));
  const told = (name: string) => log.list(name, 10).map(({ decision, repeats }) => [decision.instances, repeats]);
  expect(told('f')).toEqual([
    [2, 0],
    [1, 2],
  ]);
  expect(told('')).toHaveLength(3);
  expect(changes).toEqual(['function up']);
  expect(log.list('', 1)[0]).toMatchObject({ subject: g, snapshot, policy, at: new Date(5) });
});

test('is bounded', () => {
  const log = new ScaleLog(() => 5);
  for (let count = 0; count < 3000; count++) log.record(f, snapshot, policy, decide(count));
  const kept = log.list('', 5000);
  expect([kept.length, kept[0]?.decision.instances]).toEqual([1000, 2999]);
});

test('decisions that change nothing take the place of none when all places are taken', () => {
  const log = new ScaleLog(() => 0);
  const deciding = (name: string, from: number, to: number) =>
    log.record({ kind: 'function', name }, { ...snapshot, instances: from }, policy, decide(to));
  for (let count = 0; count < 1500; count++) deciding(`f${count}`, 0, 1);
  for (let count = 0; count < 1500; count++) deciding(`f${count}`, 1, 1);
  expect(log.list('', 2000).map((logged) => logged.snapshot.instances)).toEqual(Array(1000).fill(0));
});
