// The published SDK, as a stranger gets it: packed, checked, installed into an empty project, compiled and run.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
  'deploys, invokes and gets a typed error of each kind',
  async () => {
    const adminKey = `rlk_${'packed-client'.repeat(4)}`;
    const platform = await startPlatform('open');
    const locked = await startPlatform('locked', '--keys', 'on', '--admin-key', adminKey);
    try {
      run(join(binaries, 'tsc'), ['--module', 'nodenext', '--target', 'es2022', '--noCheck', 'main.ts'], project);
      const nobody = `http://127.0.0.1:${await freePort()}`;
      const said = await new Promise((resolve, reject) => {
        const child = spawn(process.execPath, ['main.js', platform.url, nobody, locked.url, adminKey], {
          cwd: project,
        });
        let out = '';
        child.stdout.on('data', (chunk) => (out += chunk));
        child.stderr.on('data', (chunk) => (out += chunk));
        child.once('error', reject).once('close', () => resolve(out));
      });
      expect(JSON.parse(said)).toEqual({
        version: 1,
        sum: 5,
        logs: 'called\n',
        text: 'text',
        listed: ['consumer'],
        js: true,
        workers: true,
        failures: {
          noKey: { code: 'unauthenticated', reason: 'key_missing', fault: 'caller' },
          noRight: { code: 'permission_denied', reason: 'scope_missing', fault: 'caller' },
          noSecret: { code: 'failed_precondition', reason: 'secret_missing', fault: 'caller' },
          badName: { code: 'invalid_argument', reason: 'bad_name', fault: 'caller' },
          compile: { code: 'invalid_argument', reason: 'compile_error', fault: 'caller' },
          absent: { code: 'not_found', reason: expect.any(String), fault: 'caller' },
          taken: { code: 'already_exists', reason: 'name_taken', fault: 'caller' },
          tooLarge: { code: 'resource_exhausted', reason: 'payload_too_large', fault: 'caller' },
          failed: { code: 'aborted', reason: 'function_failed', fault: 'function' },
          overflow: { code: 'aborted', reason: 'output_limit', fault: 'function' },
          timeout: { code: 'deadline_exceeded', reason: 'timeout', fault: 'function' },
          clientDeadline: { code: 'deadline_exceeded', reason: expect.any(String), fault: expect.any(String) },
          aborted: { code: 'cancelled', reason: 'aborted_by_caller', fault: 'caller' },
          unreachable: { code: 'unavailable', reason: 'unreachable', fault: 'platform' },
        },
        versionsDeleted: 1,
      });
    } finally {
      await platform.stop();
      await locked.stop();
    }
  },
  toolMs,
);

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
