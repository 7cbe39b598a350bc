// README and quickstart do what they say: every command is typed in a fresh copy of the repository. The rules are those of
// typed-steps.mjs.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freshCopy } from './fresh-copy.mjs';
import { fences } from './markdown.mjs';
import { holds, typedSteps } from './typed-steps.mjs';

const root = join(import.meta.dirname, '../..');
const typingMs = 540_000;
const pages = ['README.md', 'docs/quickstart.md'];

// A namespace has every port free, and nothing typed there reaches the network.
const namespace = ['--net', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'])];
const loopback = 'ip link set lo up && exec "$@"';
const canIsolate = spawnSync('unshare', [...namespace, 'sh', '-c', loopback, 'sh', 'true']).status === 0;
const lacks = [
  ...(canIsolate ? [] : ['network namespaces: apt-get install util-linux iproute2']),
  ...['curl', 'grpcurl', 'python3', 'npx', 'tar'].filter((tool) => spawnSync(tool, ['--version']).error),
];
const typing = lacks.length > 0 ? test.skip : test;

let folder;
let typist;
/** Of what is typed; undefined before that. */
let namespaceId;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-docs-'));
});

afterAll(async () => {
  typist?.kill('SIGTERM');
  for (const { pid } of await leftIn(namespaceId)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

typing(
  `every command of README and quickstart works as typed${lacks.length > 0 ? ` (${lacks.join(', ')})` : ''}`,
  async () => {
    const copy = join(folder, 'relais');
    freshCopy(root, copy);
    readersOwn(copy);
    const { code, steps, stderr } = await type(copy);
    const failed = steps.filter(({ ok }) => !ok);
    expect({ failed, stderr }).toEqual({ failed: [], stderr: '' });
    expect(code).toBe(0);
    expect(namespaceId).not.toBe(namespaceOf('self'));
    expect(steps).toHaveLength(pages.flatMap((page) => typedSteps(readFileSync(join(root, page), 'utf8'))).length);
    expect(await leftIn(namespaceId)).toEqual([]);
  },
  typingMs + 60_000,
);

/** What the text takes for granted that the reader has: a folder with a function of several files. */
function readersOwn(copy) {
  mkdirSync(join(copy, 'app'));
  writeFileSync(
    join(copy, 'app/main.py'),
    'from words import words\n\n\ndef handler(event, context):\n    return words()\n',
  );
  writeFileSync(join(copy, 'app/words.py'), 'def words():\n    return "of several files"\n');
}

async function type(copy) {
  const home = join(folder, 'home');
  mkdirSync(home);
  // Nothing of the tree that is tested, nor of whoever runs the tests.
  const path = process.env.PATH.split(delimiter).filter((entry) => !entry.includes('node_modules/.bin'));
  const env = { PATH: path.join(delimiter), HOME: home, LANG: 'C.UTF-8' };
  const line = [process.execPath, join(import.meta.dirname, 'typist.mjs'), copy, ...pages];
  typist = spawn('unshare', [...namespace, 'sh', '-c', loopback, 'sh', ...line], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => typist.kill('SIGTERM'), typingMs);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    typist[name].setEncoding('utf8').on('data', (chunk) => {
      said[name] += chunk;
      namespaceId ??= namespaceOf(typist.pid);
    });
  }
  const code = await new Promise((resolve) => typist.once('close', resolve));
  clearTimeout(timer);
  const steps = said.stdout
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text));
  return { code, steps, stderr: said.stderr };
}

function namespaceOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

/** Processes that are still in a namespace; they are given a moment to be gone. */
async function leftIn(id) {
  if (id === undefined || id === namespaceOf('self')) return [];
  const find = () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && namespaceOf(pid) === id);
  const endsAt = Date.now() + 20_000;
  while (find().length > 0 && Date.now() < endsAt) await new Promise((resolve) => setTimeout(resolve, 100));
  return find().map((pid) => ({ pid: Number(pid), command: commandOf(pid) }));
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

test('all that quickstart shows is looked for', () => {
  const page = readFileSync(join(root, 'docs/quickstart.md'), 'utf8');
  const shown = fences(page).filter(({ lang }) => lang === '');
  expect(typedSteps(page).flatMap(({ expected }) => expected)).toHaveLength(shown.length);
});

test('a page is read by its rules', () => {
  const page = [
    '```sh\nnpm start\n```\n\nThen it prints\n\n```\nrelais ready\n```',
    '```sh\ncurl a\ncurl b\n```\n\nThe second line answers `{"n":0.6}`.\n\nMore.\n\n```\nno answer\n```',
    '```sh\nnpm test\n```\n\n```js\ncode\n```',
  ].join('\n\n');
  const steps = typedSteps(page);
  expect(steps.map(({ typed }) => typed.map(({ kind }) => kind))).toEqual([['terminal'], ['script'], ['listed']]);
  expect(steps.map(({ expected }) => expected)).toEqual([['relais ready'], ['{"n":0.6}'], []]);
  expect(steps.map(({ startsPlatform }) => startsPlatform)).toEqual([true, false, false]);
});

test('what is shown is compared but for what differs from call to call', () => {
  expect(holds('x {"id":"7f","ms":12,"url":"127.0.0.1"}', '{"id":"…","ms":0.6,"url":"127.0.0.1"}')).toBe(true);
  expect(holds('{"id":"7f","ms":12,"url":"127.0.0.2"}', '{"id":"…","ms":0.6,"url":"127.0.0.1"}')).toBe(false);
});
