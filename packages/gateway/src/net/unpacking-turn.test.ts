import { turnOfLoop } from './turn-of-loop.js';
import { inUnpackingTurn } from './unpacking-turn.js';

test('few are unpacked at once, the others in order, and one that fails gives its turn on', async () => {
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const all = Array.from({ length: 7 }, (_, number) =>
    inUnpackingTurn(() => {
      begun.push(number);
      return new Promise<number>((resolve, reject) => {
        ends[number] = (error) => (error ? reject(error) : resolve(number));
      });
    }).catch(({ message }: Error) => message),
  );
  await turnOfLoop();
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[2]?.(new Error('torn'));
  ends[0]?.();
  await turnOfLoop();
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  for (const number of [1, 3, 4, 5]) ends[number]?.();
  await turnOfLoop();
  ends[6]?.();
  expect(await Promise.all(all)).toEqual([0, 1, 'torn', 3, 4, 5, 6]);
  expect(await inUnpackingTurn(async () => 'free')).toBe('free');
});
