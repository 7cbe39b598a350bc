import { RelaisError } from '@relais/kit';
import fc from 'fast-check';
import { assemble } from '../testing/assemble.js';
import { analyseModule } from './analyse.js';

// Longer by RELAIS_FUZZ_MS; a failure prints the seed and path that find it again.
const timeMs = Number(process.env.RELAIS_FUZZ_MS ?? 4_000);
const testMs = 2 * timeMs + 30_000;
const bounded = { numRuns: 1_000_000, interruptAfterTimeLimit: timeMs, markInterruptAsFailure: false };
const oneMsMax = 1_000;

const modules = [
  assemble({ start: [] }),
  assemble({ start: [0x41, 1, 0x1a], globals: [[0x7f, 1, 0x41, 0]], memory: [1, 1, 4], table: 3, data: [1, 2, 3] }),
  assemble({ start: [], imports: [['wasi_snapshot_preview1', 'fd_write']], activeData: [8], startSection: true }),
];

/** Accepted or refused in our words, and at once. */
function judge(bytes: Uint8Array): void {
  const startMs = performance.now();
  try {
    analyseModule(bytes);
  } catch (error) {
    expect(RelaisError.is(error)).toBe(true);
    expect((error as RelaisError).code).not.toBe('internal');
  }
  expect(performance.now() - startMs).toBeLessThan(oneMsMax);
}

const header = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

test(
  'a module with bytes changed, cut out or put in is judged',
  () => {
    const edit = fc.record({ at: fc.nat(), remove: fc.nat(6), insert: fc.uint8Array({ maxLength: 6 }) });
    const property = fc.property(
      fc.constantFrom(...modules),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      (module, edits) => {
        let bytes = Buffer.from(module);
        for (const { at, insert, remove } of edits) {
          const from = at % (bytes.length + 1);
          bytes = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)]);
        }
        judge(bytes);
      },
    );
    fc.assert(property, bounded);
  },
  testMs,
);

test(
  'sections of anything are judged',
  () => {
    const section = fc
      .tuple(fc.nat(14), fc.uint8Array({ maxLength: 60 }))
      .map(([id, content]) => [id, content.length, ...content]);
    const property = fc.property(fc.array(section, { maxLength: 8 }), (sections) => {
      judge(Buffer.concat([header, Buffer.from(sections.flat())]));
    });
    fc.assert(property, bounded);
  },
  testMs,
);
