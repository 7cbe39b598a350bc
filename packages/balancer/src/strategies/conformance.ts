import { seededRandom } from '../testing/seeded-random.js';
import { type Candidate, type Strategy, startPicker } from './strategy.js';

function candidate(attachOrder: number): Candidate {
  return { id: `w${attachOrder}`, attachOrder, slots: 8, jobCount: attachOrder % 8, outstandingMs: attachOrder % 5 };
}

/** Any ordered part of eight workers, as they come and go and fill up. */
function someOf(random: () => number): Candidate[] {
  return [1, 2, 3, 4, 5, 6, 7, 8].filter(() => random() < 0.6).map(candidate);
}

/** What every strategy must hold to. An implementation's test calls this and nothing else. */
export function strategyConformance<State>(strategy: Strategy<State>): void {
  describe(`strategy ${strategy.name}`, () => {
    test('has a lower-case name', () => {
      expect(strategy.name).toMatch(/^[a-z]+$/);
    });

    test('picks none of none', () => {
      expect(startPicker(strategy).pick([], seededRandom(1))).toBeUndefined();
    });

    test('picks a worker with room whenever there is one, and only such', () => {
      const random = seededRandom(2);
      const picker = startPicker(strategy);
      for (let round = 0; round < 1000; round++) {
        const candidates = someOf(random);
        const index = picker.pick(candidates, random);
        expect(index === undefined).toBe(candidates.length === 0);
        expect(index === undefined || candidates[index] !== undefined).toBe(true);
      }
    });

    test('starves no worker that is the only one with room', () => {
      const picker = startPicker(strategy);
      const random = seededRandom(3);
      for (const order of [5, 1, 8, 1, 2]) expect(picker.pick([candidate(order)], random)).toBe(0);
    });

    test('gives every worker work when the chosen ones fill up', () => {
      const picker = startPicker(strategy);
      const random = seededRandom(4);
      const withRoom = [1, 2, 3, 4, 5].map(candidate);
      const chosen = new Set<string | undefined>();
      while (withRoom.length > 0) {
        const index = picker.pick(withRoom, random) ?? -1;
        expect(index).toBeGreaterThanOrEqual(0);
        chosen.add(withRoom.splice(index, 1)[0]?.id);
      }
      expect([...chosen].sort()).toEqual(['w1', 'w2', 'w3', 'w4', 'w5']);
    });

    test('does the same again with the same seed', () => {
      const run = () => {
        const random = seededRandom(5);
        const picker = startPicker(strategy);
        return Array.from({ length: 200 }, () => picker.pick(someOf(random), random));
      };
      expect(run()).toEqual(run());
    });

    test('leaves the candidates as they are', () => {
      const candidates = [1, 2, 3].map(candidate);
      startPicker(strategy).pick(candidates, seededRandom(6));
      expect(candidates).toEqual([1, 2, 3].map(candidate));
    });
  });
}
