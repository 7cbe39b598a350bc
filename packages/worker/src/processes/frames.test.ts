import { encodeFrame, type Frame, FrameReader, type FrameViolation, headerBytesMax } from './frames.js';

function reader(payloadBytesMax = 1024) {
  const frames: Frame[] = [];
  const violations: FrameViolation[] = [];
  const subject = new FrameReader({
    payloadBytesMax,
    onFrame: (frame) => frames.push(frame),
    onViolation: (violation) => violations.push(violation),
  });
  return { subject, frames, violations };
}

function prefix(headerBytes: number, payloadBytes: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(headerBytes, 0);
  bytes.writeUInt32LE(payloadBytes, 4);
  return bytes;
}

test.each([1, 3, 7, 8, 9, 64, 100_000])('reads what was encoded, arriving %i bytes at a time', (step) => {
  const { subject, frames, violations } = reader();
  const sent = [0, 1, 500].map((size) => ({ header: { size, text: 'grüße' }, payload: Buffer.alloc(size, size) }));
  const stream = Buffer.concat(sent.flatMap(({ header, payload }) => encodeFrame(header, payload)));
  for (let at = 0; at < stream.length; at += step) subject.push(stream.subarray(at, at + step));
  expect(frames.map(({ header, payload }) => ({ header, payload }))).toEqual(sent);
  expect(frames.map(({ headerBytes }) => headerBytes)).toEqual(
    sent.map(({ header }) => Buffer.byteLength(JSON.stringify(header))),
  );
  expect(violations).toEqual([]);
});

test('refuses a payload over the bound from its announcement alone', () => {
  const { subject, violations } = reader(1024);
  subject.push(prefix(2, 1025));
  expect(violations).toEqual([{ kind: 'payload_too_large', bytes: 1025 }]);
});

test('refuses an absurd header, a header that is not JSON, and reads nothing after', () => {
  const absurd = reader();
  absurd.subject.push(prefix(headerBytesMax + 1, 0));
  expect(absurd.violations[0]?.kind).toBe('malformed');

  const garbage = reader();
  garbage.subject.push(Buffer.concat([prefix(2, 0), Buffer.from('{]')]));
  garbage.subject.push(Buffer.concat(encodeFrame({ fine: true }, Buffer.alloc(0))));
  expect(garbage.violations).toHaveLength(1);
  expect(garbage.frames).toEqual([]);
});

test('survives random bytes', () => {
  let state = 42;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  let violations = 0;
  for (let round = 0; round < 500; round++) {
    const subject = reader();
    subject.subject.push(Buffer.from(Array.from({ length: 64 }, random)));
    violations += subject.violations.length;
    expect(subject.frames).toEqual([]);
  }
  expect(violations).toBeGreaterThan(490);
});
