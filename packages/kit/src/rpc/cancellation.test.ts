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

test('one that comes late is not told, and one may leave while others are told', () => {
  const cancellation = new Cancellation();
  const told: string[] = [];
  const [first] = heard(cancellation, ['first'], told);
  cancellation.addEventListener('abort', () => first && cancellation.removeEventListener('abort', first));
  cancellation.cancel();
  heard(cancellation, ['late'], told);
  cancellation.cancel();
  expect(told).toEqual(['first']);
});

test('an AbortSignal will do in its place', () => {
  const controller = new AbortController();
  const signal: CancelSignal = controller.signal;
  const told: string[] = [];
  heard(signal, ['a'], told);
  controller.abort();
  expect([signal.aborted, told]).toEqual([true, ['a']]);
});
