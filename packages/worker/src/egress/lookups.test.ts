import { ManualClock, systemClock } from '@relais/kit';
import { launcherForTests } from '../processes/testing/launcher.js';
import { deployForTest, until } from '../runtimes/conformance/support.js';
import { createJsRuntime } from '../runtimes/js/js-runtime.js';
import { defaultRuntimeLimits } from '../runtimes/limits.js';
import { lookingUpInTurn } from './network-rules.js';
import { reach } from './reach.js';
import { rulesWith } from './testing/far-server.js';

const slowTestMs = 60_000;
const { launcher } = launcherForTests();

/** A resolver whose lookups take until the test ends them, each without an address. */
function heldLookups() {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  let held = true;
  const endNext = () => ends.shift()?.();
  const rules = rulesWith(
    {},
    {
      anyHost: true,
      resolve(host) {
        begun.push(host);
        const { promise, reject } = Promise.withResolvers<never>();
        ends.push(() => reject(Object.assign(new Error(), { code: 'ENOTFOUND' })));
        if (!held) endNext();
        return promise;
      },
    },
  );
  const endAll = () => {
    held = false;
    while (ends.length > 0) endNext();
  };
  return { begun, rules, endNext, endAll };
}

test('lookups begin one after the other, and those that nobody waits for any more not at all', async () => {
  const { begun, rules, endNext } = heldLookups();
  const clock = new ManualClock();
  const inTurn = lookingUpInTurn(rules);
  const way = (host: string, connectMs: number, signal = new AbortController().signal) =>
    reach({ host, port: 80 }, { rules: inTurn, clock, connectMs, signal });
  const closed = new AbortController();
  const ways = [
    way('a.test', 9000),
    way('late.test', 1000),
    way('gone.test', 9000, closed.signal),
    way('b.test', 9000),
  ];
  const settled = Promise.allSettled(ways.map(({ socket }) => socket));
  clock.advance(1000);
  closed.abort();
  await expect(ways[1]?.socket).rejects.toThrow('late.test cannot be resolved: ETIMEDOUT');
  await expect(ways[2]?.socket).rejects.toBe(closed.signal.reason);
  expect(begun).toEqual(['a.test']);
  endNext();
  await until('the next one begins', () => begun.length > 1);
  expect(begun).toEqual(['a.test', 'b.test']);
  endNext();
  await Promise.all(ways.map(({ ended }) => ended));
  expect((await settled).map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
  expect(begun).toHaveLength(2);
});

test(
  'all processes of a function look up one name at a time, and others do not wait for it',
  async () => {
    const { begun, rules, endAll } = heldLookups();
    const runtime = createJsRuntime({ limits: defaultRuntimeLimits, clock: systemClock, launcher, network: rules });
    // Both requests come in one piece, so that the door has taken both when it has begun with one.
    const source = `import net from 'node:net';
export const handler = (name) => new Promise((resolve) => {
  const socket = net.connect(3128, '127.0.0.1', () => socket.write(['1', '2'].map((at) =>
    'GET http://' + name + at + '.test/ HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n').join('')));
  socket.on('data', () => {}).on('close', resolve);
});`;
    const deploy = () => deployForTest(runtime, 'f.mjs', source, { network: 'host' });
    const [one, other] = [await deploy(), await deploy()];
    const calls = [one.call({ payload: '"a"' }), one.call({ payload: '"b"' })];
    try {
      await until('one looks up a name', () => begun.length > 0);
      const first = [...begun];
      calls.push(other.call({ payload: '"c"' }));
      await until('the other looks up a name', () => begun.length > first.length);
      expect([first.length, begun.slice(1)]).toEqual([1, ['c1.test']]);
    } finally {
      endAll();
      await Promise.all(calls);
      await runtime.close();
    }
    expect([...begun].sort()).toEqual(['a1.test', 'a2.test', 'b1.test', 'b2.test', 'c1.test', 'c2.test']);
  },
  slowTestMs,
);
