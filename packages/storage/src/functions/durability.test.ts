import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { LevelBackend } from '../backends/level/level-backend.js';
import { seededRandom } from '../testing/random.js';
import { context } from '../testing/requests.js';
import { startStore } from '../testing/store-under-test.js';
import { temporaryDirectory } from '../testing/temporary-directory.js';

const rounds = 6;
const acksMax = 60;
const script = (name: string) => join(import.meta.dirname, '../testing', `${name}.js`);
let place: Awaited<ReturnType<typeof temporaryDirectory>>;
let directory: string;

beforeEach(async () => {
  place = await temporaryDirectory();
  directory = join(place.path, 'data');
});

afterEach(() => place.remove());

/** Lets a process deploy into the directory, kills it after some acknowledgements, answers all that it said. */
async function deployAndKill(seed: number, acks: number): Promise<string[][]> {
  const child = spawn(process.execPath, [script('deploy-until-killed'), directory, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[][] = [];
  let left = acks;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const words = line.split(' ');
    said.push(words);
    if (words[0]?.endsWith('ed')) left -= 1;
    if (left === 0) child.kill('SIGKILL');
  });
  await Promise.all([once(child, 'close'), once(lines, 'close')]);
  return said;
}

/** What must be there after a round: acknowledged versions of names that are kept, and how the guest was left. */
function expected(said: readonly string[][]) {
  const kept = said.filter(([event, name]) => event === 'deployed' && name !== 'guest');
  const guest = said.filter(([, name]) => name === 'guest').at(-1);
  return { kept: kept.map(([, , id = '', digest = '']) => ({ id, digest })), guest };
}

async function inspect(versions: readonly { id: string; digest: string }[]) {
  const backend = new LevelBackend({ directory });
  const { store, resolve, blob } = await startStore({ backend });
  try {
    const found = [];
    for (const { id } of versions) {
      const version = await resolve(id);
      const content = await blob(version?.sourceDigest ?? '');
      found.push({ id: version?.id, digest: createHash('sha256').update(content).digest('hex') });
    }
    const { versions: current } = await store.listFunctions({ pageSize: 10, afterName: '' }, context);
    const heights = current.map(({ name, version }) => ({ name, version }));
    return { found, heights, guest: current.some(({ name }) => name === 'guest') };
  } finally {
    await store.stop(0);
    await backend.stop(0);
  }
}

test('every acknowledged version and its blob is there after kill -9, every acknowledged delete holds', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  const kept: { id: string; digest: string }[] = [];
  for (let round = 0; round < rounds; round++) {
    const said = await deployAndKill(random(2 ** 31), 1 + random(acksMax));
    const after = expected(said);
    kept.push(...after.kept);
    const { found, guest } = await inspect(kept);
    expect({ seed, round, found }).toEqual({ seed, round, found: kept });
    // While a deploy or delete was under way either outcome is right.
    const guestAllowed = { deployed: [true], deleted: [false] }[after.guest?.[0] ?? ''] ?? [true, false];
    expect({ seed, round, allowed: guestAllowed }).toEqual({ seed, round, allowed: expect.arrayContaining([guest]) });
  }
  expect(kept.length).toBeGreaterThan(rounds);
}, 60_000);

test('a disk that really takes no more fails the deploy, keeps serving, and takes the next that fits', async () => {
  const command = `ulimit -f 4096 && exec "$0" "$@"`;
  const args = ['-c', command, process.execPath, script('deploy-on-small-disk'), directory];
  const { stdout } = await promisify(execFile)('/bin/sh', args);
  expect(JSON.parse(stdout)).toEqual({
    before: 'done',
    tooLarge: 'storage_write_failed',
    read: 'done',
    after: 'done',
    readLarge: 'function_not_found',
  });
  const { heights } = await inspect([]);
  expect(heights).toEqual([
    { name: 'after', version: 1 },
    { name: 'before', version: 1 },
  ]);
});
