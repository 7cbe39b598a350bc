// The committed contracts are what the proto files generate, and keep what baseline.binpb promised. Needs no network.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const outputs = ['packages/contracts/src/grpc', 'packages/contracts/src/edge', 'packages/contracts/descriptors.binpb'];
const runMs = 120_000;

let copy;

// A copy, because generating cleans its output first: a test must not touch the tree.
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'relais-generated-'));
  for (const path of ['proto', 'buf.yaml']) cpSync(join(root, path), join(copy, path), { recursive: true });
  mkdirSync(join(copy, 'packages/contracts'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterEach(() => rmSync(copy, { recursive: true }));

/** Runs a command line in the copy as npm would; what it said, with its status. */
function run(line) {
  const path = `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`;
  const env = { ...process.env, PATH: path, BUF_CACHE_DIR: join(copy, '.buf-cache') };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], {
    cwd: copy,
    env,
    encoding: 'utf8',
    timeout: runMs,
  });
  return { status, said: stdout + stderr };
}

/** Every generated file under a folder with its bytes as text. */
function generatedIn(folder) {
  const files = outputs.flatMap((output) => filesUnder(join(folder, output)));
  return Object.fromEntries(files.map((file) => [relative(folder, file), readFileSync(file, 'latin1')]));
}

function filesUnder(path) {
  if (!path.includes('src')) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Names only: a diff of generated code helps nobody. */
function changed(before, after) {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]);
}

test(
  'generating again changes nothing',
  () => {
    expect(run(scripts.generate)).toEqual({ status: 0, said: '' });
    expect(changed(generatedIn(root), generatedIn(copy))).toEqual([]);
  },
  runMs,
);

test(
  'a changed proto file shows in what is generated',
  () => {
    appendFileSync(join(copy, 'proto/relais/v1/error.proto'), '\nmessage Added {\n  string text = 1;\n}\n');
    expect(run(scripts.generate).status).toBe(0);
    expect(changed(generatedIn(root), generatedIn(copy))).toContain('packages/contracts/src/grpc/relais/v1/error.ts');
  },
  runMs,
);

test('the proto files pass lint and break no promise', () => {
  expect(run('buf lint && buf breaking --against proto/baseline.binpb')).toEqual({ status: 0, said: '' });
});

test.each([
  ['lint', (text) => text.replace('string reason = 3', 'string Reason = 3'), 'buf lint', 'lower_snake_case'],
  [
    'the breaking check',
    (text) => text.replace('  string reason = 3;\n', ''),
    'buf breaking --against proto/baseline.binpb',
    'field "3"',
  ],
])('%s can fail', (_title, damage, line, complaint) => {
  const file = join(copy, 'proto/relais/v1/error.proto');
  const text = readFileSync(file, 'utf8');
  rmSync(file);
  appendFileSync(file, damage(text));
  const { status, said } = run(line);
  expect(status).not.toBe(0);
  expect(said).toContain(complaint);
});
