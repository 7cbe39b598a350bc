import fc from 'fast-check';
import { type Peer, PeerSlowness } from './peer-slowness.js';

interface Changing extends Peer {
  health: { slowness: number | undefined };
}

/** The same by looking at everyone. */
function usualBeside(peer: Peer, peers: readonly Peer[]): number | undefined {
  const others = peers.filter((other) => other !== peer && other.runLangs.some((lang) => peer.runLangs.includes(lang)));
  const sorted = others.flatMap(({ health }) => health.slowness ?? []).sort((a, b) => a - b);
  if (peer.health.slowness === undefined || sorted.length < 2) return undefined;
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

test('is what looking at everyone gives, also when some have left', () => {
  const peer = fc.record({
    runLangs: fc.subarray(['c', 'js', 'php']),
    health: fc.record({ slowness: fc.constantFrom(undefined, 0.5, 1, 1, 1.5, 4, 9) }),
    leaves: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(peer, { maxLength: 20 }), (drawn) => {
      const peers = drawn.map(({ health, ...rest }): Changing & { leaves: boolean } => ({
        ...rest,
        health: { ...health },
      }));
      const all = new PeerSlowness(peers);
      for (const each of peers) {
        expect(all.usualBeside(each)).toBe(usualBeside(each, peers));
        const { slowness } = each.health;
        if (!each.leaves || slowness === undefined) continue;
        each.health.slowness = undefined;
        all.leave(each, slowness);
      }
    }),
    { numRuns: 300 },
  );
});

test('beside a single other one nobody can tell', () => {
  const [one, ...others] = [4, 1, 1].map((slowness) => ({ runLangs: ['c'], health: { slowness } }));
  if (!one) throw new Error('three were made');
  expect(new PeerSlowness([one, ...others.slice(1)]).usualBeside(one)).toBeUndefined();
  expect(new PeerSlowness([one, ...others]).usualBeside(one)).toBe(1);
});

test('looking at all of a large fleet reads each worker a few times, not once for each other', () => {
  let reads = 0;
  const peers = Array.from({ length: 1000 }, (_, index) => ({
    runLangs: ['c', 'js'],
    health: {
      get slowness() {
        reads++;
        return 1 + index / 1000;
      },
    },
  }));
  const all = new PeerSlowness(peers);
  for (const peer of peers) all.usualBeside(peer);
  expect(reads).toBeLessThanOrEqual(3 * peers.length);
});
