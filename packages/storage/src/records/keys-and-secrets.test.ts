import { KeyRecord, SecretRecord } from '@relais/contracts';
import { MemoryBackend } from '../backends/memory/memory-backend.js';
import { context } from '../testing/requests.js';
import { failure, startStore } from '../testing/store-under-test.js';

const record = (id: string, more: Partial<KeyRecord> = {}) =>
  KeyRecord.create({ id: id.padEnd(16, '0'), sha256: Buffer.alloc(32, id), name: id, scopes: ['read'], ...more });

const a = record('a');
const b = record('b', { functions: ['f'], ratePerS: 1.5, burst: 2, concurrency: 3, createdAtMs: 1.7e12 });

test('keys are read as they were written, by id, after a restart too', async () => {
  let started = await startStore();
  for (const key of [b, a]) await started.store.createKey({ key }, context);
  for (let round = 0; round < 2; round++) {
    expect((await started.store.listKeys({}, context)).keys).toEqual([a, b]);
    expect((await started.store.getKey({ id: b.id }, context)).key).toEqual(b);
    started = await started.restart();
  }
});

test('a deleted key is gone, after a restart too', async () => {
  let started = await startStore();
  await started.store.createKey({ key: a }, context);
  await started.store.deleteKey({ id: a.id }, context);
  for (let round = 0; round < 2; round++) {
    const gone = failure('not_found', 'key_not_found');
    await expect(started.store.getKey({ id: a.id }, context)).rejects.toEqual(gone);
    await expect(started.store.deleteKey({ id: a.id }, context)).rejects.toEqual(gone);
    started = await started.restart();
  }
});

test('a change of a key is told by the feed, under a name no function can have', async () => {
  const { store } = await startStore();
  const { revision } = await store.waitForChange({ afterRevision: 0, waitMs: 0 }, context);
  await store.createKey({ key: a }, context);
  const { names } = await store.waitForChange({ afterRevision: revision, waitMs: 0 }, context);
  expect(names).toEqual([`key/${a.id}`]);
});

test.each([
  ['invalid_argument', 'invalid_key', record('a', { id: '../x' })],
  ['invalid_argument', 'invalid_key', record('a', { sha256: Buffer.alloc(31) })],
  ['invalid_argument', 'out_of_bounds', record('a', { name: 'x'.repeat(20_000) })],
  ['already_exists', 'key_exists', record('b')],
  ['resource_exhausted', 'keys_limit', record('c')],
])('refuses with %s reason %s', async (code, reason, key) => {
  const { store } = await startStore({ bounds: { keysMax: 1 } });
  await store.createKey({ key: record('b') }, context);
  await expect(store.createKey({ key }, context)).rejects.toEqual(failure(code, reason));
  expect((await store.listKeys({}, context)).keys).toEqual([record('b')]);
});

test('a damaged key is as good as none, harms no other, and can be deleted', async () => {
  const backend = new MemoryBackend();
  const started = await startStore({ backend });
  for (const key of [a, b]) await started.store.createKey({ key }, context);
  await backend.write([{ op: 'put', key: `key/${a.id}`, value: Buffer.from('damaged') }], 'synced');
  const { store } = await started.restart();
  expect((await store.listKeys({}, context)).keys).toEqual([b]);
  await store.deleteKey({ id: a.id }, context);
  expect(await backend.get(`key/${a.id}`)).toBeUndefined();
});

describe('secrets', () => {
  const sealed = (name: string, version: number, more: Partial<SecretRecord> = {}) =>
    SecretRecord.create({ name, version, nonce: Buffer.alloc(12, 1), ciphertext: Buffer.alloc(20, version), ...more });

  test('are read as they were sealed, by name, after a restart too', async () => {
    let started = await startStore();
    for (const secret of [sealed('B', 1), sealed('A', 1), sealed('A', 2)]) {
      await started.store.putSecret({ secret }, context);
    }
    for (let round = 0; round < 2; round++) {
      expect((await started.store.listSecrets({}, context)).secrets).toEqual([sealed('A', 2), sealed('B', 1)]);
      expect((await started.store.getSecret({ name: 'A' }, context)).secret).toEqual(sealed('A', 2));
      started = await started.restart();
    }
  });

  test('take only the version that follows, so that no change is lost unseen', async () => {
    const { store } = await startStore();
    const outcomes = await Promise.allSettled(
      [sealed('A', 1), sealed('A', 1), sealed('A', 3), sealed('A', 2)].map((secret) =>
        store.putSecret({ secret }, context),
      ),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    await expect(store.putSecret({ secret: sealed('A', 2) }, context)).rejects.toEqual(
      failure('already_exists', 'secret_changed'),
    );
  });

  test('are gone once deleted, and begin anew', async () => {
    const { store } = await startStore();
    await store.putSecret({ secret: sealed('A', 1) }, context);
    await store.deleteSecret({ name: 'A' }, context);
    await expect(store.getSecret({ name: 'A' }, context)).rejects.toEqual(failure('not_found', 'secret_not_found'));
    await store.putSecret({ secret: sealed('A', 1) }, context);
  });

  test.each([
    ['invalid_secret', sealed('../x', 1)],
    ['invalid_secret', sealed('A', 1, { nonce: Buffer.alloc(11) })],
    ['invalid_secret', sealed('A', 1, { ciphertext: Buffer.alloc(16) })],
    ['out_of_bounds', sealed('A', 1, { ciphertext: Buffer.alloc(17_000) })],
  ])('are refused with reason %s when they are none', async (reason, secret) => {
    const { store } = await startStore();
    await expect(store.putSecret({ secret }, context)).rejects.toEqual(failure('invalid_argument', reason));
  });
});
