import { until } from '../fixtures.js';
import { PartsLane } from './parts-lane.js';

/** A link that holds what it is sent until the test lets it go. */
class StuckLink {
  bufferedBytes = 0;
  #taken: (() => void) | undefined;

  whenTaken(listener: () => void): void {
    this.#taken = listener;
  }

  take(): void {
    this.bufferedBytes = 0;
    this.#taken?.();
  }
}

function laneOver(link: StuckLink) {
  const sent: number[] = [];
  const lane = new PartsLane<Buffer>({
    send: (parts) => {
      for (const { id, part } of parts) {
        sent.push(id);
        link.bufferedBytes += part.length;
      }
    },
    sizeOf: (part) => part.length,
  });
  lane.use(link);
  return { lane, sent };
}

const part = Buffer.alloc(64 * 1024);

test('answers take turns', async () => {
  const { lane, sent } = laneOver(new StuckLink());
  for (let count = 0; count < 3; count++) lane.push(1, Buffer.alloc(10));
  lane.push(2, Buffer.alloc(10));
  await until(() => sent.length === 4, 'all parts');
  expect(sent).toEqual([1, 2, 1, 1]);
});

test('the link never holds more than 256 KiB of parts, and the rest follows as it takes them', async () => {
  const link = new StuckLink();
  const { lane, sent } = laneOver(link);
  for (let count = 0; count < 20; count++) lane.push(1, part);
  let most = 0;
  await until(() => {
    most = Math.max(most, link.bufferedBytes);
    if (link.bufferedBytes >= 256 * 1024) link.take();
    return sent.length === 20;
  }, 'all parts');
  expect(most).toBe(256 * 1024);
});

test('what comes after the parts of an answer waits for them, and only for them', async () => {
  const link = new StuckLink();
  const { lane, sent } = laneOver(link);
  const ended: number[] = [];
  for (let count = 0; count < 6; count++) lane.push(1, part);
  lane.after(1, () => ended.push(1));
  lane.after(2, () => ended.push(2));
  expect(ended).toEqual([2]);
  await until(() => sent.length === 4, 'the link to be full');
  expect(ended).toEqual([2]);
  link.take();
  await until(() => ended.length === 2, 'the end');
  expect(sent).toHaveLength(6);
});

test('what is dropped, and what waits when the link changes, is not sent', async () => {
  const first = new StuckLink();
  const { lane, sent } = laneOver(first);
  lane.push(1, part);
  lane.push(2, part);
  lane.drop(1);
  await until(() => sent.length === 1, 'the other part');
  lane.push(3, part);
  lane.use(new StuckLink());
  lane.push(4, part);
  await until(() => sent.length === 2, 'the part of the new link');
  expect(sent).toEqual([2, 4]);
});
