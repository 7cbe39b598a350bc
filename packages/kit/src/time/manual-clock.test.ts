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

test('wall time moves with it', () => {
  const clock = new ManualClock(1_000);
  clock.advance(2.5);
  expect([clock.nowMs(), clock.wallMs()]).toEqual([2.5, 1_002.5]);
});

test('a timer set or cancelled by another that fires counts within the same step', () => {
  const clock = new ManualClock();
  const fired: string[] = [];
  const cancel = clock.after(20, () => fired.push('cancelled'));
  clock.after(10, () => {
    cancel();
    clock.after(5, () => fired.push(`nested@${clock.nowMs()}`));
  });
  clock.advance(20);
  expect(fired).toEqual(['nested@15']);
});
