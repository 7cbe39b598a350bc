import { ManualClock, RelaisError } from '@relais/kit';
import { FakeArtifacts } from '../testing/fake-artifacts.js';
import { FakeRuntime } from '../testing/fake-runtime.js';
import { FunctionCache } from './function-cache.js';

function cacheOf(bounds: { functionsMax?: number; loadedBytesMax?: number } = {}) {
  const artifacts = new FakeArtifacts();
  const runtime = new FakeRuntime('js', 'processes', 10);
  const cache = new FunctionCache({
    artifacts,
    clock: new ManualClock(),
    runtimeOf: (lang) => (lang === runtime.lang ? runtime : undefined),
    functionsMax: 100,
    loadedBytesMax: 1000,
    ...bounds,
  });
  return { artifacts, cache, runtime };
}

test('fetches and loads once however many ask at the same time', async () => {
  const { artifacts, cache, runtime } = cacheOf();
  const loaded = await Promise.all(Array.from({ length: 20 }, () => cache.load('js/a')));
  expect(new Set(loaded.map((entry) => entry.loaded)).size).toBe(1);
  expect([artifacts.fetches, runtime.loads]).toEqual([1, ['js/a']]);
  expect(cache.take('js/a')?.loaded).toBe(loaded[0]?.loaded);
});

test('a failed load is forgotten, so that the next call tries again', async () => {
  const { artifacts, cache } = cacheOf();
  artifacts.refusal = new RelaisError('unavailable', 'Storage is away.');
  await expect(cache.load('js/a')).rejects.toMatchObject({ code: 'unavailable' });
  await expect(cache.load('js/a')).resolves.toMatchObject({ version: { id: 'js/a' } });
});

test('a version of a language without a runtime here is refused as our fault', async () => {
  const { cache } = cacheOf();
  await expect(cache.load('go/a')).rejects.toMatchObject({ code: 'internal' });
});

test.each([
  ['functions', { functionsMax: 2 }],
  ['bytes', { loadedBytesMax: 20 }],
])('beyond its bound of %s it closes the least recently used one that is idle', async (_what, bounds) => {
  const { cache, runtime } = cacheOf(bounds);
  await cache.load('js/busy');
  for (const id of ['js/old', 'js/new']) {
    await cache.load(id);
    cache.release(id);
  }
  expect(runtime.held.map((held) => held.closed)).toEqual([false, true, false]);
  expect(cache.take('js/old')).toBeUndefined();
  expect(cache.take('js/busy')).toBeDefined();
});

test('close ends every loaded function', async () => {
  const { cache, runtime } = cacheOf();
  await cache.load('js/a');
  await cache.load('js/b');
  await cache.close();
  expect(runtime.held.map((held) => held.closed)).toEqual([true, true]);
});

test('close does not wait for a fetch that is not answered', async () => {
  const { artifacts, cache } = cacheOf();
  artifacts.hangs = true;
  const loading = cache.load('js/a');
  const told = expect(loading).rejects.toMatchObject({ code: 'cancelled' });
  await cache.close();
  await told;
});
