import { ManualClock } from '@relais/kit';
import { ReadinessWatch } from './readiness-watch.js';

const settled = () => new Promise(setImmediate);

function watched() {
  const clock = new ManualClock();
  const state = { asked: 0, reasons: [] as string[] };
  const reasons = async () => {
    state.asked++;
    return state.reasons;
  };
  const watch = new ReadinessWatch({ reasons }, clock);
  const follow = () => {
    const ended = new AbortController();
    const seen: boolean[] = [];
    const done = (async () => {
      for await (const isReady of watch.follow(ended.signal)) seen.push(isReady);
    })();
    return { seen, ended, done };
  };
  const second = async () => {
    await settled();
    clock.advance(1_000);
    await settled();
  };
  return { watch, state, follow, second };
}

test('the state is asked once a second, however many look on and whenever they came', async () => {
  const { follow, second, state } = watched();
  const all = Array.from({ length: 500 }, follow);
  await settled();
  expect(state.asked).toBe(1);
  all.push(...Array.from({ length: 500 }, follow));
  for (let seconds = 1; seconds <= 3; seconds++) {
    await second();
    expect(state.asked).toBe(1 + seconds);
  }
  state.reasons = ['No worker is ready.'];
  await second();
  expect(all.map(({ seen }) => seen)).toEqual(Array(1000).fill([true, false]));
  for (const { ended } of all) ended.abort();
  await Promise.all(all.map(({ done }) => done));
  await second();
  expect(state.asked).toBe(5);
});

test('a thousand may look on, and one who left before it took what there was counts no longer', async () => {
  const { follow, watch } = watched();
  const ended = new AbortController();
  const signals = Array.from({ length: 1000 }, () => AbortSignal.any([ended.signal]));
  // Each stands at its first state now, and is asked for no more.
  await Promise.all(signals.map((signal) => watch.follow(signal).next()));
  await expect(follow().done).rejects.toMatchObject({ code: 'resource_exhausted', fields: { reason: 'busy' } });
  ended.abort();
  const next = follow();
  await settled();
  expect(next.seen).toEqual([true]);
  next.ended.abort();
  await next.done;
});
