import { Cancellation, type CancelSignal } from './cancellation.js';

function heard(signal: CancelSignal, names: readonly string[], told: string[]): (() => void)[] {
  const listeners = names.map((name) => () => void told.push(name));
  for (const listener of listeners) signal.addEventListener('abort', listener);
  return listeners;
}

test('those that still listen are told, once', () => {
  const cancellation = new Cancellation();
  const told: string[] = [];
  const [, b, , d] = heard(cancellation, ['a', 'b', 'c', 'd', 'e'], told);
  for (const listener of [b, d, b]) if (listener) cancellation.removeEventListener('abort', listener);
  cancellation.addEventListener('abort', { handleEvent: () => void told.push('object') });
  expect(cancellation.aborted).toBe(false);
  cancellation.cancel();
  cancellation.cancel();
  expect(cancellation.aborted).toBe(true);
  expect(told.sort()).toEqual(['a', 'c', 'e', 'object']);
});

test.each([
  ['ours', new Cancellation()],
  ['of an AbortController', new AbortController()],
])('%s: one that comes late is not told, nor one that is taken away while others are told', (_whose, source) => {
  const signal: CancelSignal = source instanceof Cancellation ? source : source.signal;
  const fire = () => (source instanceof Cancellation ? source.cancel() : source.abort());
  const told: string[] = [];
  const taken: (() => void)[] = [];
  signal.addEventListener('abort', () => {
    for (const listener of taken) signal.removeEventListener('abort', listener);
  });
  const [first, second] = heard(signal, ['first', 'second', 'third'], told);
  if (first && second) taken.push(first, second);
  fire();
  heard(signal, ['late'], told);
  fire();
  expect(told).toEqual(['third']);
});

test('an AbortSignal will do in its place', () => {
  const controller = new AbortController();
  const signal: CancelSignal = controller.signal;
  const told: string[] = [];
  heard(signal, ['a'], told);
  controller.abort();
  expect([signal.aborted, told]).toEqual([true, ['a']]);
});
