import { Client } from '../client.js';
import { connectStream } from '../connect-stream.js';
import { StreamClient } from '../stream-client.js';
import { type Platform, removeData, type Topology } from '../topology.js';
import { eventually } from '../wait.js';

/** Endless output in every kind of runtime: a handler, a program in a process, and WASM. */
const endless: readonly [string, string, string][] = [
  ['js', 'js', 'const line = "x".repeat(999) + "\\n"; export function* handler() { for (;;) yield line; }'],
  ['python', 'python', 'LINE = "x" * 999 + "\\n"\ndef handler(event, context):\n    while True:\n        yield LINE'],
  ['program', 'python', 'import sys\nLINE = "x" * 999 + "\\n"\nwhile True:\n    sys.stdout.write(LINE)'],
  ['wasm', 'c', '#include <stdio.h>\nint main(void) { for (;;) { printf("%999s\\n", "x"); fflush(stdout); } }'],
];

/** Promised is 1 s; a machine that runs other tests beside this one may be slow to say so. Timeouts here are 60 s. */
const stoppedMsMax = 5_000;

/** One part, then silence until the end of its time. */
const silent = 'export async function* handler() { yield "hello"; await new Promise((r) => setTimeout(r, 600_000)); }';

export function streamingScenarios(topology: Topology): void {
  describe('streaming', () => {
    let platform: Platform;
    let client: Client;

    beforeAll(async () => {
      platform = await topology.start();
      client = new Client(platform.url);
      await client.deployExample('hello', 'c', 'hello.c');
      await client.deployExample('tokens', 'python', 'tokens.py');
      await client.deployExample('clock', 'js', 'clock.js');
      await client.deployExample('add', 'js', 'add.js');
      for (const [name, lang, source] of endless) {
        expect((await client.deploy(name, lang, source, '&timeoutMs=60000')).body.ok).toBe(true);
      }
      await client.deploy('silent', 'js', silent, '&timeoutMs=60000');
    }, 60_000);

    const streams: StreamClient[] = [];
    const open = (path: string) => {
      const stream = new StreamClient(platform.url, path);
      streams.push(stream);
      return stream;
    };
    // What a failed test leaves must not fail the next.
    afterEach(() => {
      for (const stream of streams) stream.leave();
    });

    afterAll(async () => {
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    const running = async () => Number((await client.connect('ClusterService/GetStatus', {})).body.jobsRunning ?? 0);
    const nothingRuns = () => eventually('nothing runs any more', async () => (await running()) === 0);

    test('the examples stream: words as they come, and events', async () => {
      const words = open('/fn/tokens').read();
      await eventually('a first word', async () => words.text.includes('Rivers'));
      expect(words.closed).toBe(false);
      await eventually('all words', async () => words.closed);
      expect([words.complete, words.text.includes('listens.')]).toEqual([true, true]);
      const ticks = await fetch(`${platform.url}/fn/clock?count=3&everyMs=10`);
      expect(ticks.headers.get('content-type')).toBe('text/event-stream');
      expect((await ticks.text()).match(/^id: \d$/gm)).toEqual(['id: 1', 'id: 2', 'id: 3']);
      expect((await client.invoke('tokens', 'all at once')).body.output).toContain('You asked: all at once\nRivers do');
    }, 60_000);

    test('InvokeStream sends chunks and one closing event, or the error', async () => {
      const method = 'InvocationService/InvokeStream';
      const events = await connectStream(platform.url, method, { function: 'tokens', text: 'x' });
      const text = events.map(({ message }) => message?.chunk?.text ?? '').join('');
      expect([events.length > 10, text.endsWith('listens. \n')]).toEqual([true, true]);
      expect(events.at(-2)?.message?.end?.invocationId).toMatch(/^\w{32}$/);
      expect(events.at(-1)).toEqual({ end: {} });
      await client.deploy('broken', 'js', 'export function* handler() { yield "so far"; throw new Error("broke"); }');
      const broken = await connectStream(platform.url, method, { function: 'broken' });
      expect(broken[0]?.message?.chunk).toEqual({ text: 'so far' });
      expect(broken.at(-1)?.end?.error?.code).toBe('aborted');
    }, 60_000);

    test.each(endless.map(([name]) => name))(
      'one who does not read %s stops it and nobody else; one who leaves ends it within a second',
      async (name) => {
        const stream = open(`/fn/${name}`);
        await new Promise((resolve) => stream.socket.once('readable', resolve));
        for (let count = 0; count < 5; count++) {
          expect((await client.invoke('hello')).body.ok).toBe(true);
          expect((await client.invoke('add', '{"a":1,"b":2}')).body.ok).toBe(true);
        }
        expect(await running()).toBe(1);
        stream.read();
        await eventually('far more than was under way', async () => stream.text.length > 10_000_000, 30_000);
        const leftMs = performance.now();
        stream.leave();
        await nothingRuns();
        expect(performance.now() - leftMs).toBeLessThan(stoppedMsMax);
      },
      90_000,
    );

    test('one who leaves a silent function ends it too', async () => {
      const stream = open('/fn/silent').read();
      await eventually('its first part', async () => stream.text.includes('hello'));
      const leftMs = performance.now();
      stream.leave();
      await nothingRuns();
      expect(performance.now() - leftMs).toBeLessThan(stoppedMsMax);
    }, 60_000);

    test('its time is over for one who never reads as well: function and connection end', async () => {
      await client.deploy('short', 'js', endless[0]?.[2] ?? '', '&timeoutMs=1500');
      const stream = open('/fn/short');
      await new Promise((resolve) => stream.socket.once('readable', resolve));
      await nothingRuns();
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      stream.read();
      await eventually('the connection to end', async () => stream.closed);
      expect(stream.complete).toBe(false);
    }, 60_000);

    test.each(['js', 'wasm'])(
      'a worker killed in the middle of %s ends the stream as an error',
      async (name) => {
        const stream = open(`/fn/${name}`).read();
        await eventually('the stream is on', async () => stream.text.length > 1_000_000);
        const { body } = await client.connect('ClusterService/ListWorkers', {});
        const busy = (body.workers as { pid: number; running?: number }[]).find((worker) => (worker.running ?? 0) > 0);
        expect(busy).toBeDefined();
        process.kill(busy?.pid ?? 0, 'SIGKILL');
        await eventually('the stream to end', async () => stream.closed);
        expect(stream.complete).toBe(false);
        await nothingRuns();
        await eventually('all workers are back', async () => {
          const now = (await client.connect('ClusterService/ListWorkers', {})).body.workers as unknown[] | undefined;
          return (now?.length ?? 0) >= platform.workers;
        });
      },
      60_000,
    );
  });
}
