import { PacedFrames } from './paced-frames.js';

const mebibyte = 1024 * 1024;

/** A link that holds what it is sent until the test lets it go. */
class StuckLink {
  bufferedBytes = 0;
  #taken: (() => void) | undefined;

  whenTaken(listener: () => void): void {
    this.#taken = listener;
  }

  take(bytes: number): void {
    this.bufferedBytes -= bytes;
    this.#taken?.();
  }
}

function framesOver(link: StuckLink) {
  const sent: number[][] = [];
  const frames = new PacedFrames<number>({
    sizeOf: (bytes) => bytes,
    send: (sizes) => {
      sent.push([...sizes]);
      for (const bytes of sizes) link.bufferedBytes += bytes;
    },
  });
  frames.use(link);
  return { frames, sent };
}

test('small items of one turn go in one frame, at once', () => {
  const { frames, sent } = framesOver(new StuckLink());
  frames.push([1, 2, 3]);
  expect([sent, frames.isEmpty]).toEqual([[[1, 2, 3]], true]);
});

test('what the peer does not take waits here, in order, and follows as it takes', () => {
  const link = new StuckLink();
  const { frames, sent } = framesOver(link);
  const size = 6 * mebibyte;
  frames.push([size, size, size, 7]);
  expect([sent, frames.isEmpty]).toEqual([[[size], [size]], false]);
  link.take(size);
  expect(sent).toHaveLength(3);
  link.take(size);
  expect([sent[3], frames.isEmpty]).toEqual([[7], true]);
});

test('the largest item is sent to a link that has little, whatever its size', () => {
  const link = new StuckLink();
  const { frames, sent } = framesOver(link);
  frames.push([48 * mebibyte, 48 * mebibyte]);
  expect(sent).toHaveLength(1);
  link.take(48 * mebibyte);
  expect(sent).toHaveLength(2);
});

test('what waits for a link that was lost is dropped', () => {
  const link = new StuckLink();
  const { frames, sent } = framesOver(link);
  frames.push([48 * mebibyte, 1]);
  const next = new StuckLink();
  frames.use(next);
  frames.push([2]);
  expect(sent).toEqual([[48 * mebibyte], [2]]);
});
