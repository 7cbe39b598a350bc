import { gunzipSync, gzipSync } from 'node:zlib';
import { RelaisError } from '@relais/kit';
import { openSource } from './source-tree.js';
import { paxRecord, tarGz } from './testing/tar-archive.js';
import { zip } from './testing/zip-archive.js';

// Longer by RELAIS_FUZZ_MS, each of the tests; a failure prints the seed that finds it again.
const longerMs = Number(process.env.RELAIS_FUZZ_MS ?? 0);
const seed = Date.now() >>> 0;
const roundsMin = 1500;
const roundMsMax = 2000;

/** xorshift32: 0 to max - 1. */
function randomFrom(start: number): (max: number) => number {
  let state = start || 1;
  return (max) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % max;
  };
}

const files = [
  { name: 'index.js', content: 'console.log(1);'.repeat(20) },
  { name: 'lib/größe.js', content: 'exports.a = 1;' },
  { name: 'lib/data.bin', content: Buffer.from(Array.from({ length: 700 }, (_, at) => at % 251)) },
];
const records = [{ name: 'lib/', type: '5' }, ...files, paxRecord({ path: 'lib/renamed.js', size: '3' })];
const tarFile = tarGz([...records, { name: 'x', content: 'abc' }, { name: 'l', type: 'L', content: 'long.js\0' }]);
const zipFile = zip([{ name: 'lib/' }, ...files, { name: 'stored.js', content: 'abc', method: 0 }]);

/** One to four bytes changed, or a piece cut out, doubled or zeroed. */
function mutate(bytes: Buffer, random: (max: number) => number): Buffer {
  const at = random(bytes.length);
  const length = random(64);
  const piece = bytes.subarray(at, at + length);
  switch (random(5)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(length), bytes.subarray(at + length)]);
    default:
      return withBytes(bytes, random);
  }
}

function withBytes(bytes: Buffer, random: (max: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  for (let count = random(4); count >= 0; count--) {
    copy[random(copy.length)] = [0, 0xff, 0x7f, 0x80, random(256)][random(5)] ?? 0;
  }
  return copy;
}

/** The tar inside is mutated and its headers given right checksums again, so that what lies behind them is reached. */
function mutateTar(bytes: Buffer, random: (max: number) => number): Buffer {
  const inner = mutate(gunzipSync(bytes), random);
  for (let at = 0; at + 512 <= inner.length; at += 512) {
    const header = inner.subarray(at, at + 512);
    if (header.toString('latin1', 257, 262) !== 'ustar') continue;
    header.fill(' ', 148, 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
  }
  return gzipSync(inner);
}

async function outcomeOf(bytes: Buffer): Promise<string> {
  try {
    const { files: found } = await openSource(bytes, 'index.js', { lang: 'js', entry: '' });
    return [...found.keys()].some((path) => /(^|\/)\.\.?(\/|$)|^\/|\\/.test(path)) ? 'unsafe path' : 'opened';
  } catch (error) {
    return RelaisError.is(error) ? `${error.code} ${error.fields.reason}` : `threw ${String(error)}`;
  }
}

test.each([
  ['the bytes of a tar.gz', tarFile, mutate],
  ['the tar in a tar.gz', tarFile, mutateTar],
  ['the bytes of a zip', zipFile, mutate],
])(
  '%s changed at random opens or is refused, quickly',
  async (_what, bytes, change) => {
    const random = randomFrom(seed);
    const outcomes = new Map<string, number>();
    let slowestMs = 0;
    const endMs = performance.now() + longerMs;
    let rounds = 0;
    for (; rounds < roundsMin || performance.now() < endMs; rounds++) {
      const changed = change(change(bytes, random), random);
      const beganMs = performance.now();
      const outcome = await outcomeOf(changed);
      slowestMs = Math.max(slowestMs, performance.now() - beganMs);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    const allowed = [
      'opened',
      'invalid_argument bad_archive',
      'invalid_argument entry_not_found',
      'invalid_argument bad_package_json',
    ];
    expect({ seed, unexpected: [...outcomes.keys()].filter((outcome) => !allowed.includes(outcome)) }).toEqual({
      seed,
      unexpected: [],
    });
    expect(outcomes.get('invalid_argument bad_archive')).toBeGreaterThan(rounds / 10);
    expect(slowestMs).toBeLessThan(roundMsMax);
  },
  60_000 + longerMs,
);
