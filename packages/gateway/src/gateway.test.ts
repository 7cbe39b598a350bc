import { RelaisError } from '@relais/kit';
import type { Door, DoorDeploy } from './testing/door.js';
import { allDoors } from './testing/doors.js';
import { type Harness, startGateway } from './testing/harness.js';

// One table of cases for every protocol: the adapters may differ in form only.
let harness: Harness;
let doors: Map<string, Door>;
const doorNames = allDoors('http://127.0.0.1:1').map((door) => door.name);

beforeEach(async () => {
  harness = await startGateway({ limits: { payloadBytesMax: 1_000, sourceBytesMax: 2_000 } });
  doors = new Map(allDoors(harness.url).map((door) => [door.name, door]));
});

afterEach(() => harness.gateway.stop(0));

const hello: DoorDeploy = { name: 'hello', lang: 'c', source: 'int main(void) { return 0; }' };

interface SuccessCase {
  title: string;
  act: (door: Door) => Promise<unknown>;
  expected: unknown;
}

const successes: SuccessCase[] = [
  {
    title: 'deploys a function',
    act: (door) => door.deploy(hello),
    expected: { id: 'hello_1728435600', name: 'hello', lang: 'c', wasm: true, version: 1 },
  },
  {
    title: 'tells the language by the file name',
    act: async (door) => (await door.deploy({ name: 'p', filename: 'greet.PY', source: 'x = 1' })).lang,
    expected: 'python',
  },
  {
    title: 'takes an alias of a language',
    act: async (door) => (await door.deploy({ name: 'p', lang: 'JavaScript', source: 'x' })).lang,
    expected: 'js',
  },
  {
    title: 'gives a taken name a new version when told to update',
    act: async (door) => {
      await door.deploy(hello);
      return (await door.deploy({ ...hello, update: true })).version;
    },
    expected: 2,
  },
  {
    title: 'invokes by name, id and version number',
    act: async (door) => {
      const { id } = await door.deploy(hello);
      return [await door.invoke('hello', 'a'), await door.invoke(id, 'b'), await door.invoke('hello@1', 'ü')];
    },
    expected: ['a', 'b', 'ü'],
  },
  {
    title: 'answers the page of a static function',
    act: async (door) => {
      await door.deploy({ name: 'page', lang: 'html', source: '<p>hi</p>' });
      return door.invoke('page', '');
    },
    expected: '<p>hi</p>',
  },
  {
    title: 'answers the source',
    act: async (door) => {
      await door.deploy(hello);
      return (await door.get('hello')).source;
    },
    expected: hello.source,
  },
  {
    title: 'lists in pages',
    act: async (door) => {
      for (const name of ['b', 'a', 'c']) await door.deploy({ ...hello, name });
      const first = await door.list(2, '');
      return [first.names, (await door.list(2, first.nextPageToken)).names];
    },
    expected: [['a', 'b'], ['c']],
  },
  {
    title: 'deletes with all versions',
    act: async (door) => {
      await door.deploy(hello);
      await door.deploy({ ...hello, update: true });
      return door.delete('hello');
    },
    expected: 2,
  },
  {
    title: 'lists the languages that are available',
    act: (door) => door.languages(),
    expected: ['c', 'js', 'python', 'html'],
  },
];

interface FailureCase {
  title: string;
  act: (door: Door) => Promise<unknown>;
  expected: object;
}

const failures: FailureCase[] = [
  {
    title: 'a name with ../',
    act: (door) => door.deploy({ ...hello, name: '../etc' }),
    expected: { code: 'invalid_argument', reason: 'bad_name', fault: 'caller' },
  },
  {
    title: 'an unknown language',
    act: (door) => door.deploy({ ...hello, lang: 'pyton' }),
    expected: { reason: 'unknown_language', message: expect.stringMatching(/did you mean "python"\?.*c, cpp, rust/) },
  },
  {
    title: 'no language and no file name',
    act: (door) => door.deploy({ name: 'x', source: 'x' }),
    expected: { reason: 'unknown_language' },
  },
  {
    title: 'a file name with a path',
    act: (door) => door.deploy({ ...hello, filename: '../../x.c' }),
    expected: { reason: 'bad_filename' },
  },
  {
    title: 'an empty source',
    act: (door) => door.deploy({ ...hello, source: '' }),
    expected: { code: 'invalid_argument', reason: 'empty_source' },
  },
  {
    title: 'an archive as a page',
    act: (door) => door.deploy({ name: 'page', lang: 'html', source: 'PK\x03\x04' }),
    expected: { code: 'invalid_argument', reason: 'archive_not_allowed' },
  },
  {
    title: 'a config with several mistakes, all named',
    act: (door) =>
      door.deploy({
        ...hello,
        config: { timeoutMs: 900_001, memoryMb: 15, cflags: ['-O2', '-fplugin=x.so'], env: { RELAIS_X: '1' } },
      }),
    expected: { reason: 'bad_config', message: expect.stringMatching(/timeoutMs.*memoryMb.*-fplugin.*RELAIS_X/) },
  },
  {
    title: 'a taken name',
    act: async (door) => {
      await door.deploy(hello);
      return door.deploy(hello);
    },
    expected: { code: 'already_exists', reason: 'name_taken', fault: 'caller' },
  },
  {
    title: 'a language whose toolchain is absent',
    act: (door) => door.deploy({ ...hello, lang: 'rust' }),
    expected: {
      code: 'failed_precondition',
      reason: 'toolchain_absent',
      message: expect.stringContaining('apt install rustc'),
    },
  },
  {
    title: 'a language no worker offers',
    act: (door) => door.deploy({ ...hello, lang: 'go' }),
    expected: { code: 'failed_precondition', message: expect.stringContaining('no worker offers it') },
  },
  {
    title: 'a source that does not compile',
    act: (door) => {
      const diagnostics = [{ file: 'main.c', line: 3, column: 5, severity: 'error', message: 'expected ;' }];
      const fields = { reason: 'compile_error', component: 'worker', diagnostics };
      harness.dispatch.buildFailure = new RelaisError('invalid_argument', 'It does not compile.', fields);
      return door.deploy(hello);
    },
    expected: { code: 'invalid_argument', reason: 'compile_error', component: 'worker', diagnosticLines: [3] },
  },
  {
    title: 'a source over its bound',
    act: (door) => door.deploy({ ...hello, source: 'x'.repeat(2_001) }),
    expected: { code: 'resource_exhausted', reason: 'payload_too_large', limitName: 'sourceBytesMax' },
  },
  {
    title: 'a payload over its bound',
    act: async (door) => {
      await door.deploy(hello);
      return door.invoke('hello', 'x'.repeat(1_001));
    },
    expected: { code: 'resource_exhausted', reason: 'payload_too_large', limitName: 'payloadBytesMax' },
  },
  {
    title: 'invoking what does not exist',
    act: (door) => door.invoke('nothing', ''),
    expected: { code: 'not_found', fault: 'caller', component: 'storage', traceId: expect.stringMatching(/^\w{32}$/) },
  },
  {
    title: 'invoking something that is no reference',
    act: (door) => door.invoke('a b', ''),
    expected: { code: 'invalid_argument', reason: 'bad_reference' },
  },
  {
    title: 'invoking a function after its deletion',
    act: async (door) => {
      await door.deploy(hello);
      await door.invoke('hello', 'warm');
      await door.delete('hello');
      return door.invoke('hello', '');
    },
    expected: { code: 'not_found' },
  },
  {
    title: 'reading what does not exist',
    act: (door) => door.get('nothing'),
    expected: { code: 'not_found' },
  },
  {
    title: 'deleting what does not exist',
    act: (door) => door.delete('nothing'),
    expected: { code: 'not_found' },
  },
  {
    title: 'a page token that is none',
    act: (door) => door.list(10, 'Li4v'),
    expected: { code: 'invalid_argument', reason: 'bad_page_token' },
  },
  {
    title: 'a page that is too large',
    act: (door) => door.list(1_001, ''),
    expected: { code: 'invalid_argument', reason: 'bad_page_size' },
  },
  {
    title: 'a function that fails',
    act: async (door) => {
      await door.deploy(hello);
      harness.dispatch.functions.set('hello', () => {
        throw new RelaisError('aborted', 'It exited with 3.', { reason: 'function_failed', component: 'worker' });
      });
      return door.invoke('hello', '');
    },
    expected: {
      code: 'aborted',
      reason: 'function_failed',
      fault: 'function',
      component: 'worker',
      invocationId: expect.stringMatching(/^\w{32}$/),
      traceId: expect.stringMatching(/^\w{32}$/),
    },
  },
  {
    title: 'a storage that is away',
    act: async (door) => {
      harness.storage.broken = new RelaisError('unavailable', 'Storage is away.', { component: 'storage' });
      return door.list(10, '');
    },
    expected: { code: 'unavailable', fault: 'platform', component: 'storage' },
  },
];

describe.each(doorNames)('%s', (doorName) => {
  test.each(successes)('$title', async ({ act, expected }) => {
    const door = doors.get(doorName) as Door;
    expect(await act(door)).toEqual(expected);
  });

  test.each(failures)('refuses $title', async ({ act, expected }) => {
    const door = doors.get(doorName) as Door;
    await expect(act(door)).rejects.toMatchObject(expected);
    expect(harness.storage.versions.length).toBeLessThanOrEqual(1);
  });
});
