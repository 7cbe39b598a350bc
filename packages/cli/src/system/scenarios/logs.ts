import { Client } from '../client.js';
import { knownShortCalls } from '../known-short.js';
import { LogTailReader, type TailedLine } from '../log-tail.js';
import { type Platform, removeData, type Topology } from '../topology.js';
import { eventually } from '../wait.js';

/** The line is written before the answer, and read soon after it. */
const toldWithinMs = 2000;

const talker = `export default (_, { logger }) => {
  logger.debug('looking');
  console.log('plain');
  logger.warn('careful');
  logger.error('lost');
}`;
/** More than all buffers between it and its caller hold: it ends when its caller reads on. */
const held = `export function* handler(_, { logger }) {
  logger.warn('held');
  const mebibyte = 'x'.repeat(1 << 20);
  for (let n = 0; n < 32; n++) yield mebibyte;
}`;

function logLines(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
}

export function logScenarios(topology: Topology): void {
  describe('logs', () => {
    let platform: Platform;
    let client: Client;
    const readers: LogTailReader[] = [];

    beforeAll(async () => {
      platform = await topology.start();
      client = new Client(platform.url);
      await client.deploy('talker', 'js', talker);
      await client.deploy('other', 'python', 'def handler(event, context):\n    print("from python")');
      await client.deploy('held', 'js', held);
    }, 60_000);

    afterEach(() => {
      for (const reader of readers.splice(0)) reader.leave();
    });

    afterAll(async () => {
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    const follow = async (filter: object) => {
      const reader = await LogTailReader.open(platform.url, filter);
      readers.push(reader);
      return reader;
    };
    const lastOf = ({ lines }: LogTailReader) => lines.at(-1)?.text ?? '';
    const shown = (lines: readonly TailedLine[]) => lines.map(({ level, text }) => `${level} ${text}`);

    test('lines stream live to whoever looks on, by function and by level, with invocation and trace', async () => {
      const all = await follow({});
      const ofTalker = await follow({ function: 'talker' });
      const severe = await follow({ levelMin: 'WARN' });
      const { headers } = await client.invoke('talker');
      await eventually('the end of the call is told', async () => /^ended/.test(lastOf(ofTalker)));
      const plain = 'info plain';
      const printed = ['debug DEBUG looking', plain, 'warn WARN careful', 'error ERROR lost'];
      // What is printed and what is logged come by pipes of their own, so only each for itself is in order.
      const told = shown(ofTalker.lines.slice(0, -1));
      expect(told.filter((text) => text !== plain)).toEqual(printed.filter((text) => text !== plain));
      expect([...told].sort()).toEqual([...printed].sort());
      const invocationId = headers.get('x-relais-invocation-id');
      const traceId = headers.get('traceparent')?.split('-')[1];
      for (const line of ofTalker.lines) expect(line).toMatchObject({ function: 'talker', invocationId, traceId });
      expect(ofTalker.lines.at(-1)).toMatchObject({ platform: true, level: 'info' });

      await client.invoke('other');
      await eventually('the other call is told', async () => all.lines.length === 7 && severe.lines.length === 2);
      expect(all.lines.slice(5).map((line) => line.function)).toEqual(['other', 'other']);
      expect(shown(all.lines).at(-2)).toBe('info from python');
      expect([ofTalker.lines.length, shown(severe.lines)]).toEqual([5, printed.slice(2)]);
    }, 30_000);

    test('one call is followed by its invocation while it runs, and nothing else', async () => {
      const answer = await fetch(`${platform.url}/fn/held`);
      const invocationId = answer.headers.get('x-relais-invocation-id');
      expect(invocationId).toMatch(/^[0-9a-f]{32}$/);
      const ofCall = await follow({ invocationId });
      await client.invoke('talker');
      expect(ofCall.lines).toEqual([]);
      expect((await answer.arrayBuffer()).byteLength).toBe(32 << 20);
      await eventually('its end is told', async () => /^ended/.test(lastOf(ofCall)));
      expect(ofCall.lines.map((line) => line.invocationId)).toEqual([invocationId, invocationId]);
      expect(shown(ofCall.lines)[0]).toBe('warn WARN held');
    }, 30_000);

    test('every line about a call, of whichever role, carries its invocation and its trace', async () => {
      const loop = '#include <stdio.h>\nint main(void) { volatile int n = 0; if (getchar() == 120) for (;;) n++; }';
      const linesOf = (id: string) => logLines(platform.log()).filter((line) => JSON.stringify(line).includes(id));
      const toldBy = (id: string, name: string) => linesOf(id).some(({ component }) => component === name);
      let deployed = 0;
      let invocationId = '';
      let traceId: string | undefined;
      // Known to be short, it is let into the worker's own loop, and takes the worker with it. Where the machine was so busy that
      // it is not known to be, it has a thread, of which the balancer need not tell: then the next.
      const blocksALoop = async () => {
        const name = `endless${++deployed}`;
        await client.deploy(name, 'c', loop, '&timeoutMs=300');
        for (let call = 0; call < knownShortCalls; call++) await client.invoke(name);
        const { body, headers } = await client.invoke(name, 'x');
        expect(body.error?.code).toBe('deadline_exceeded');
        invocationId = headers.get('x-relais-invocation-id') ?? '';
        traceId = headers.get('traceparent')?.split('-')[1];
        const told = async () => toldBy(invocationId, 'balancer');
        return eventually('the balancer has told of it', told, toldWithinMs).then(
          () => true,
          () => false,
        );
      };
      await eventually('a call has blocked the loop of its worker', blocksALoop, 30_000);
      await eventually('the gateway has told of it', async () => toldBy(invocationId, 'gateway'));
      for (const line of linesOf(invocationId)) expect(line).toMatchObject({ invocationId, traceId });
      await eventually('the fleet is whole again', async () => {
        const { body: fleet } = await client.connect('ClusterService/ListWorkers', {});
        return (fleet.workers as unknown[]).length >= platform.workers;
      });
    }, 60_000);

    test('what cannot be followed is refused', async () => {
      const answer = await fetch(`${platform.url}/relais.v1.InvocationService/TailLogs`, {
        method: 'POST',
        headers: { 'content-type': 'application/connect+json' },
        body: Buffer.concat([Buffer.from([0, 0, 0, 0, 19]), Buffer.from('{"levelMin":"loud"}')]),
      });
      expect(await answer.text()).toContain('"code":"invalid_argument"');
    });
  });
}
