import fc from 'fast-check';
import { encodeFrame, type Frame, FrameReader, type FrameViolation } from './frames.js';
import { parseGuestMessage } from './guest-messages.js';

// Longer by RELAIS_FUZZ_MS; a failure prints the seed and path that find it again.
const timeMs = Number(process.env.RELAIS_FUZZ_MS ?? 3_000);
const testMs = 2 * timeMs + 30_000;
const bounded = { numRuns: 1_000_000, interruptAfterTimeLimit: timeMs, markInterruptAsFailure: false };
const payloadBytesMax = 2_048;

/** Reads a stream that arrives in pieces of these sizes, over and over. */
function read(stream: Buffer, sizes: readonly number[]) {
  const frames: Frame[] = [];
  const violations: FrameViolation[] = [];
  const onFrame = (frame: Frame) => void frames.push(frame);
  const reader = new FrameReader({ payloadBytesMax, onFrame, onViolation: (each) => void violations.push(each) });
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    reader.push(stream.subarray(at, at + size));
    at += size;
  }
  return { frames, violations };
}

const frame = fc.tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.uint8Array({ maxLength: payloadBytesMax }));
const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 });

test(
  'what was encoded is read, however it arrives',
  () => {
    const property = fc.property(fc.array(frame, { maxLength: 6 }), sizes, (sent, pieces) => {
      const stream = Buffer.concat(sent.flatMap(([header, payload]) => encodeFrame(header, payload)));
      const { frames, violations } = read(stream, pieces);
      expect(violations).toEqual([]);
      expect(frames.map(({ header, payload }) => [header, [...payload]])).toEqual(
        sent.map(([header, payload]) => [JSON.parse(JSON.stringify(header)), [...payload]]),
      );
    });
    fc.assert(property, bounded);
  },
  testMs,
);

test(
  'of a stream with bytes changed at most what is bounded is read, and one violation told',
  () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
    const property = fc.property(
      fc.array(frame, { minLength: 1, maxLength: 4 }),
      changes,
      sizes,
      (sent, edits, pieces) => {
        const stream = Buffer.concat(sent.flatMap(([header, payload]) => encodeFrame(header, payload)));
        for (const [at, value] of edits) stream.writeUInt8(value, at % stream.length);
        const { frames, violations } = read(stream, pieces);
        expect(violations.length).toBeLessThanOrEqual(1);
        for (const { payload } of frames) expect(payload.length).toBeLessThanOrEqual(payloadBytesMax);
      },
    );
    fc.assert(property, bounded);
  },
  testMs,
);

test(
  'a header of a guest is one of the messages or none, whatever it holds',
  () => {
    const type = fc.constantFrom('ready', 'failed', 'result', 'error', 'overflow', '__proto__', 'toString');
    const header = fc.oneof(
      fc.jsonValue(),
      fc.record(
        { type, call: fc.jsonValue(), error: fc.jsonValue(), http: fc.jsonValue(), bytes: fc.jsonValue() },
        { requiredKeys: [] },
      ),
    );
    const property = fc.property(header, (given) => {
      const message = parseGuestMessage(JSON.parse(JSON.stringify(given)));
      expect(message === undefined || typeof message.type === 'string').toBe(true);
    });
    fc.assert(property, bounded);
  },
  testMs,
);
