import type { Clock } from '@relais/kit';

/**
 * The items of a stream as they come, and undefined in between: after `firstMs` without one, then after each `silenceMs`. A stream that refuses to begin throws before anything is yielded. Whoever leaves early must end
 * `items` by its own signal.
 */
export async function* keptAlive<T>(
  items: AsyncIterator<T>,
  clock: Clock,
  silenceMs: number,
  firstMs: number,
): AsyncGenerator<T | undefined, void, undefined> {
  let waitMs = firstMs;
  for (;;) {
    const next = outcomeOf(items.next());
    for (; !next.outcome; waitMs = silenceMs) {
      const isSilent = await next.silentFor(waitMs, clock);
      if (isSilent) yield undefined;
    }
    waitMs = silenceMs;
    if ('failure' in next.outcome) throw next.outcome.failure;
    if (next.outcome.result.done) return;
    yield next.outcome.result.value;
  }
}

type Outcome<T> = { readonly result: T } | { readonly failure: unknown };

/** A promise that can be waited for again and again without being given one more listener each time. */
function outcomeOf<T>(promise: Promise<T>) {
  let wake = () => {};
  const waited = {
    outcome: undefined as Outcome<T> | undefined,
    silentFor: (ms: number, clock: Clock) =>
      new Promise<boolean>((resolve) => {
        const cancel = clock.after(ms, () => resolve(true));
        wake = () => {
          cancel();
          resolve(false);
        };
      }),
  };
  const settle = (outcome: Outcome<T>) => {
    waited.outcome = outcome;
    wake();
  };
  promise.then(
    (result) => settle({ result }),
    (failure: unknown) => settle({ failure }),
  );
  return waited;
}
