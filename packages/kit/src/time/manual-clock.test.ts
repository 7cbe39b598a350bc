import { ManualClock } from './manual-clock.js';

test('fires what falls due, in order, and nothing else', () => {
  const clock = new ManualClock();
  const fired: string[] = [];
  clock.after(30, () => fired.push(`once@${clock.nowMs()}`));
  const stop = clock.every(20, () => fired.push(`tick@${clock.nowMs()}`));
  clock.advance(45);
  stop();
  clock.advance(100);
  expect(fired).toEqual(['tick@20', 'once@30', 'tick@40']);
});
