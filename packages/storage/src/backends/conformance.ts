import { RelaisError } from '@relais/kit';
import type { Backend, Write } from './backend.js';

/** How the suite gets at an implementation. */
export interface BackendUnderTest {
  /** A new, empty backend, not yet started. Called before each test. */
  create(): Promise<Backend>;
  /** A backend, not yet started, on what a stopped one kept. */
  again(stopped: Backend): Promise<Backend>;
  /** Releases what create made. Called after each test, with the backends stopped. */
  remove(): Promise<void>;
}

const put = (key: string, text: string): Write => ({ op: 'put', key, value: Buffer.from(text) });
const drop = (key: string): Write => ({ op: 'delete', key });
const everything = { from: '!', to: '~', limit: 1000 };

/** Registers the tests every backend must pass. */
export function backendConformance(name: string, under: BackendUnderTest): void {
  describe(`${name} as a backend`, () => {
    let backend: Backend;

    beforeEach(async () => {
      backend = await under.create();
      await backend.start();
    });

    afterEach(async () => {
      await backend.stop(0);
      await under.remove();
    });

    const keysOf = async (range = everything) => (await backend.range(range)).map(({ key }) => key);

    test('begins empty', async () => {
      expect(await backend.get('a')).toBeUndefined();
      expect(await backend.range(everything)).toEqual([]);
    });

    test('reads what was written, replaced and deleted', async () => {
      await backend.write([put('a', '1'), put('b', '1')], 'synced');
      await backend.write([put('a', '2'), drop('b'), drop('never')], 'buffered');
      expect(await backend.get('a')).toEqual(Buffer.from('2'));
      expect(await backend.get('b')).toBeUndefined();
      expect(await keysOf()).toEqual(['a']);
    });

    test('applies the writes of a batch in order', async () => {
      await backend.write([put('a', '1'), drop('a'), put('b', '1'), put('b', '2')], 'synced');
      expect(await backend.range(everything)).toEqual([{ key: 'b', value: Buffer.from('2') }]);
    });

    test('takes any bytes, none and many', async () => {
      const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const large = Buffer.alloc(3_000_001, 0xfe);
      await backend.write([{ op: 'put', key: 'all', value: all }], 'synced');
      await backend.write([{ op: 'put', key: 'large', value: large }], 'synced');
      await backend.write([{ op: 'put', key: 'none', value: Buffer.alloc(0) }], 'synced');
      expect(await backend.get('all')).toEqual(all);
      expect((await backend.get('large'))?.equals(large)).toBe(true);
      expect(await backend.get('none')).toEqual(Buffer.alloc(0));
    });

    test('shares no memory with the caller', async () => {
      const given = Buffer.from('given');
      await backend.write([{ op: 'put', key: 'a', value: given }], 'synced');
      given.fill(0);
      (await backend.get('a'))?.fill(0);
      expect(await backend.get('a')).toEqual(Buffer.from('given'));
    });

    test('orders keys by their bytes', async () => {
      const ordered = ['-', '.', '/', '0', '9', '=', 'A', 'Z', '_', 'a', 'a-', 'a/', 'a0', 'aA', 'a_', 'aa', 'z'];
      await backend.write(
        ordered.toReversed().map((key) => put(key, key)),
        'synced',
      );
      expect(await keysOf()).toEqual(ordered);
    });

    test('holds a range to its bounds and limit', async () => {
      await backend.write(
        ['a', 'b', 'b/1', 'c', 'd'].map((key) => put(key, key)),
        'synced',
      );
      expect(await keysOf({ from: 'b', to: 'd', limit: 10 })).toEqual(['b', 'b/1', 'c']);
      expect(await keysOf({ from: 'b', to: 'd', limit: 2 })).toEqual(['b', 'b/1']);
      expect(await keysOf({ from: 'b!', to: 'd', limit: 1 })).toEqual(['b/1']);
      expect(await keysOf({ from: 'e', to: 'f', limit: 10 })).toEqual([]);
    });

    test('shows a batch whole or not at all to concurrent reads', async () => {
      const names = Array.from({ length: 50 }, (_, at) => `k${at}`);
      const generation = async (text: string) =>
        backend.write(
          names.map((key) => put(key, text)),
          'buffered',
        );
      await generation('0');
      const seen = new Set<number>();
      const writing = (async () => {
        for (let round = 1; round <= 20; round++) await generation(String(round));
      })();
      for (let read = 0; read < 40; read++) {
        const values = (await backend.range(everything)).map(({ value }) => value.toString());
        seen.add(new Set(values).size);
      }
      await writing;
      expect([...seen]).toEqual([1]);
    });

    test('a snapshot is of the moment it was taken, whatever is written while it is read', async () => {
      await backend.write([put('b', '1'), put('a', '1'), put('c', '1')], 'synced');
      const snapshot = await backend.snapshot();
      await backend.write([put('b', '2'), drop('c'), put('d', '2')], 'synced');
      const seen: string[] = [];
      for (let next = await snapshot.next(); !next.done; next = await snapshot.next()) {
        seen.push(`${next.value.key}${next.value.value}`);
        await backend.write([put('a', '2')], 'synced');
      }
      expect(seen).toEqual(['a1', 'b1', 'c1']);
      expect(await keysOf()).toEqual(['a', 'b', 'd']);
    });

    test('a snapshot that is given up holds up no stop, and one that outlives it tells so', async () => {
      await backend.write([put('a', '1'), put('b', '1')], 'synced');
      const left = await backend.snapshot();
      await left.next();
      await left.return?.();
      const open = await backend.snapshot();
      await open.next();
      await backend.stop(0);
      await expect(open.next()).rejects.toMatchObject({ code: 'unavailable', fields: { reason: 'storage_closed' } });
    });

    test('leaves no trace of a batch that cannot be written', async () => {
      const impossible = { op: 'put', key: 'b', value: undefined } as unknown as Write;
      await expect(backend.write([put('a', '1'), impossible], 'synced')).rejects.toThrow();
      await backend.recover();
      expect(await keysOf()).toEqual([]);
      await backend.write([put('c', '1')], 'synced');
      expect(await keysOf()).toEqual(['c']);
    });

    test('recovers from nothing by doing nothing', async () => {
      await backend.write([put('a', '1')], 'synced');
      await backend.recover();
      expect(await keysOf()).toEqual(['a']);
    });

    test('sees everything again after stop and start, however it was written', async () => {
      await backend.write([put('synced', '1'), put('gone', '1')], 'synced');
      await backend.write([put('buffered', '2'), drop('gone')], 'buffered');
      await backend.stop(0);
      backend = await under.again(backend);
      await backend.start();
      expect(await backend.range(everything)).toEqual([
        { key: 'buffered', value: Buffer.from('2') },
        { key: 'synced', value: Buffer.from('1') },
      ]);
    });

    test('refuses everything while it is closed, by code', async () => {
      await backend.stop(0);
      await backend.stop(0);
      const closed = under.again(backend);
      const uses: ((backend: Backend) => Promise<unknown>)[] = [
        (it) => it.get('a'),
        (it) => it.range(everything),
        (it) => it.snapshot(),
        (it) => it.write([put('a', '1')], 'synced'),
        (it) => it.recover(),
      ];
      for (const use of uses) {
        for (const it of [backend, await closed]) {
          const error = await use(it).catch((reason: unknown) => reason);
          expect(RelaisError.is(error)).toBe(true);
          expect(error).toMatchObject({ code: 'unavailable', fields: { reason: 'storage_closed' } });
        }
      }
    });
  });
}
