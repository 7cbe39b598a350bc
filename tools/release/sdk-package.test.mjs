// The published SDK, as a stranger gets it: packed, checked, installed into an empty project, compiled and run.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packSdk } from './sdk-package.mjs';

const root = join(import.meta.dirname, '../..');
const binaries = join(root, 'node_modules/.bin');
const dependencies = ['@bufbuild/protobuf', '@connectrpc/connect', '@connectrpc/connect-web'];
const toolMs = 120_000;

let folder;
let tarball;
let project;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-sdk-'));
  tarball = packSdk(folder);
  project = join(folder, 'project');
  mkdirSync(project);
  cpSync(join(import.meta.dirname, 'consumer'), project, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}');
  // Its dependencies from this tree: the test needs no network, and finds out a dependency that is not declared.
  const folders = dependencies.map((name) => join(root, 'node_modules', name));
  run('npm', ['install', '--offline', '--install-links', '--no-audit', '--no-fund', tarball, ...folders], project);
}, toolMs);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a program says; throws with it when it fails. */
function run(program, args, cwd) {
  try {
    return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: 'pipe', timeout: toolMs });
  } catch (error) {
    throw new Error(`${program} ${args.join(' ')}\n${error.stdout}${error.stderr}`);
  }
}

test(
  'publint finds nothing in it',
  () => {
    expect(run(join(binaries, 'publint'), ['run', '--strict', tarball], folder)).toContain('All good');
  },
  toolMs,
);

test(
  'its types are those of its modules',
  () => {
    expect(run(join(binaries, 'attw'), [tarball, '--profile', 'esm-only', '--no-color'], folder)).toContain('ESM');
  },
  toolMs,
);

test('nothing in it speaks of packages that are not published', () => {
  const listed = run('tar', ['xzOf', tarball], folder);
  expect(listed).not.toContain('@relais/contracts');
  expect(run('tar', ['tzf', tarball], folder)).not.toMatch(/\.test\.|\/grpc\/|tsbuildinfo/);
});

const typesOfNode = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];

// Connect's own declarations name types that only a browser's library has, so without one they must be skipped.
test.each([
  ['in Node', 'main.ts', ['--lib', 'es2022', '--skipLibCheck', ...typesOfNode]],
  [
    'where the browser is known too, with every declaration checked',
    'main.ts',
    ['--lib', 'es2022,dom', ...typesOfNode],
  ],
  [
    'where nothing but the language is known, the types of a function',
    'function.ts',
    ['--lib', 'es2022', '--types', ''],
  ],
])(
  'compiles under --strict %s',
  (_title, file, flags) => {
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--noEmit'];
    const modules = ['--module', 'nodenext', '--target', 'es2022', '--verbatimModuleSyntax'];
    run(join(binaries, 'tsc'), [...strict, ...modules, ...flags, file], project);
  },
  toolMs,
);

test(
  'deploys, invokes, streams and gets a typed error of each class; internal by a record that rotted on disk',
  async () => {
    const adminKey = `rlk_${'packed-client'.repeat(4)}`;
    const platforms = [];
    try {
      platforms.push(await startPlatform('open'));
      platforms.push(await startPlatform('locked', '--keys', 'on', '--admin-key', adminKey));
      platforms.push(await startDamaged());
      const [open, locked, damaged] = platforms.map(({ url }) => url);
      run(join(binaries, 'tsc'), ['--module', 'nodenext', '--target', 'es2022', '--noCheck', 'main.ts'], project);
      const nobody = `http://127.0.0.1:${await freePort()}`;
      expect(JSON.parse(await saidBy('main.js', open, nobody, locked, adminKey, damaged))).toEqual({
        version: 1,
        sum: 5,
        logs: 'called\n',
        text: 'text',
        parts: ['part 1', 'part 2', 'part 3', 'end'],
        listed: ['consumer', 'patient', 'steps'],
        js: true,
        workers: true,
        failures: {
          noKey: failure('unauthenticated', 'key_missing', 'caller'),
          noRight: failure('permission_denied', 'scope_missing', 'caller'),
          noSecret: failure('failed_precondition', 'secret_missing', 'caller'),
          badName: failure('invalid_argument', 'bad_name', 'caller'),
          compile: failure('invalid_argument', 'compile_error', 'caller', 'diagnostics'),
          absent: failure('not_found', 'function_not_found', 'caller'),
          taken: failure('already_exists', 'name_taken', 'caller'),
          tooLarge: failure('resource_exhausted', 'payload_too_large', 'caller', 'limit'),
          tooMany: failure('resource_exhausted', 'rate_limit', 'caller', 'limit', 'retryAfterMs'),
          failed: failure('aborted', 'function_failed', 'function', 'exit'),
          failedInStream: failure('aborted', 'function_failed', 'function', 'exit'),
          overflow: failure('aborted', 'output_limit', 'function', 'limit'),
          timeout: failure('deadline_exceeded', 'timeout', 'function', 'timings'),
          clientDeadline: failure('deadline_exceeded', expect.any(String), expect.any(String)),
          aborted: failure('cancelled', 'aborted_by_caller', 'caller'),
          workerLost: failure('unavailable', 'worker_lost', 'platform'),
          damagedStorage: failure('internal', 'record_corrupt', 'platform'),
          unreachable: failure('unavailable', 'unreachable', 'platform'),
        },
        versionsDeleted: 1,
      });
    } finally {
      await Promise.all(platforms.map(({ stop }) => stop()));
    }
  },
  toolMs,
);

/** A failure as the program tells it, with at least these facts. */
function failure(code, reason, fault, ...facts) {
  return { code, reason, fault, facts: expect.arrayContaining(facts) };
}

/** Everything a program of the project says. */
function saidBy(file, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], { cwd: project });
    let out = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (out += chunk));
    child.once('error', reject).once('close', () => resolve(out));
  });
}

/** A platform that was stopped, and whose function "damaged" had a bit of its source changed on disk meanwhile. */
async function startDamaged() {
  const mark = 'a-word-that-stands-nowhere-else';
  const source = `export default () => '${mark}'`;
  const first = await startPlatform('damaged');
  const deployed = await fetch(`${first.url}/deploy?name=damaged&lang=js`, { method: 'POST', body: source });
  expect(deployed.status).toBe(201);
  await first.stop();
  // LevelDB moves what it logged to a table when it is opened again; a log it would have checked.
  await (await startPlatform('damaged')).stop();
  const storage = join(folder, 'damaged', 'storage');
  const hit = readdirSync(storage).filter((name) => name.endsWith('.ldb') && changeBit(join(storage, name), mark));
  expect(hit).not.toEqual([]);
  return startPlatform('damaged');
}

/** Changes a bit in each place of a file where a text stands; false when there is none. */
function changeBit(file, text) {
  const content = readFileSync(file);
  if (!content.includes(text)) return false;
  for (let at = content.indexOf(text); at !== -1; at = content.indexOf(text)) content[at] ^= 1;
  writeFileSync(file, content);
  return true;
}

/** `relais up` on a free port with its own data; resolves when it is ready. */
function startPlatform(name, ...more) {
  const data = join(folder, name);
  const main = join(root, 'packages/cli/dist/main.js');
  const flags = ['up', '--port', '0', '--workers', '2', '--data', data, ...more];
  // Variables of whoever runs the tests are not settings of this platform.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const child = spawn(process.execPath, [main, ...flags], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return new Promise((resolve, reject) => {
    void exited.then((code) => reject(new Error(`ended with ${code} before it was ready`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const url = /^relais ready (http:\S+)/.exec(line)?.[1];
      if (url === undefined) return;
      const stop = () => {
        child.kill('SIGTERM');
        return exited;
      };
      resolve({ url, stop });
    });
  });
}

/** A port where nobody listens. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
