import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Form, Isolation } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { removeTree } from '../processes/remove-tree.js';
import { launcherForTests, testSearchPath } from '../processes/testing/launcher.js';
import { deployForTest, outputOf, type TestFunction, until } from '../runtimes/conformance/support.js';
import { createJsRuntime } from '../runtimes/js/js-runtime.js';
import { defaultRuntimeLimits } from '../runtimes/limits.js';
import { createPhpRuntime } from '../runtimes/php/php-runtime.js';
import { createPythonRuntime } from '../runtimes/python/python-runtime.js';
import type { Runtime } from '../runtimes/runtime.js';
import { trySandbox } from '../sandbox/find-sandbox.js';
import { farServer, rulesWith } from './testing/far-server.js';

const slowTestMs = 90_000;
const far = await farServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => response.end(`${request.method} ${request.url} ${body}`));
});
const farUrl = `http://far.test:${far.port}`;
const network = rulesWith({ 'far.test': far.address, 'loop.test': '127.0.0.1' }, { anyHost: true });
/** Something of this machine that listens on loopback. */
const neighbour = await farServer((_request, response) => response.end('loopback'), '127.0.0.1');

interface Language {
  readonly make: (options: Parameters<typeof createPythonRuntime>[0]) => Runtime;
  readonly file: string;
  /**
   * A handler of {do, ...}: "fetch" a url, "post" to it, "connect" to a host and port without a proxy, "child" that fetches
   * while the handler waits for it, "list" /run/doors, "environment".
   */
  readonly handler: string;
  /** Prints what a url on its standard input answers. */
  readonly program: string;
}

const languages: Readonly<Record<string, Language>> = {
  js: {
    make: createJsRuntime,
    file: 'f.mjs',
    handler: `import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
const ask = async (url, options) => {
  try { const answer = await fetch(url, options); return answer.status + ' ' + await answer.text(); }
  catch (error) { return 'failed ' + causes(error).join(': '); } };
const causes = (error) => error ? [error.message, ...causes(error.cause)] : [];
const tries = {
  fetch: ({ url }) => ask(url),
  post: ({ url, body }) => ask(url, { method: 'POST', body }),
  connect: ({ host, port }) => new Promise((resolve) => {
    const socket = net.connect({ host, port }, () => resolve('connected'));
    socket.on('error', (error) => resolve(error.code)); }),
  child: ({ url }) => execFileSync(process.execPath, ['-e', 'fetch(process.argv[1]).then((a) => a.text()).then((t) => console.log(t))', url]).toString().trim(),
  list: () => { try { return fs.readdirSync('/run/doors').join(); } catch (error) { return error.code; } },
  environment: () => Object.keys(process.env).filter((name) => /proxy/i.test(name)).join(),
};
export const handler = (event) => tries[event.do](event);`,
    program: `import fs from 'node:fs';
import http from 'node:http';
http.get(fs.readFileSync(0, 'utf8'), (answer) => answer.pipe(process.stdout));`,
  },
  python: {
    make: createPythonRuntime,
    file: 'f.py',
    handler: `import errno, os, socket, subprocess, sys, urllib.request, urllib.error
def ask(url, data=None):
    try:
        with urllib.request.urlopen(url, data) as answer: return f"{answer.status} {answer.read().decode()}"
    except urllib.error.HTTPError as error: return f"{error.code} {error.read().decode()}"
def connect(host, port):
    try: socket.create_connection((host, port), 5); return "connected"
    except OSError as error: return errno.errorcode.get(error.errno, str(error))
def listed():
    try: return ",".join(os.listdir("/run/doors"))
    except OSError as error: return errno.errorcode[error.errno]
CHILD = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())"
def handler(event, context):
    if event["do"] == "fetch": return ask(event["url"])
    if event["do"] == "post": return ask(event["url"], event["body"].encode())
    if event["do"] == "connect": return connect(event["host"], event["port"])
    if event["do"] == "child":
        return subprocess.run([sys.executable, "-c", CHILD, event["url"]], capture_output=True, text=True).stdout.strip()
    if event["do"] == "list": return listed()
    return ",".join(name for name in os.environ if "proxy" in name.lower())`,
    program: `import sys, urllib.request
print(urllib.request.urlopen(sys.stdin.read()).read().decode(), end="")`,
  },
  php: {
    make: createPhpRuntime,
    file: 'f.php',
    handler: `<?php
function ask($url, $options = []) {
  $body = @file_get_contents($url, false, stream_context_create(['http' => $options + ['ignore_errors' => true]
    + stream_context_get_options(stream_context_get_default())['http']]));
  preg_match('/ (\\d+)/', $http_response_header[0] ?? ' 0', $m);
  return "{$m[1]} $body";
}
function handler($event) {
  switch ($event['do']) {
    case 'fetch': return ask($event['url']);
    case 'post': return ask($event['url'], ['method' => 'POST', 'content' => $event['body'], 'header' => 'Content-Type: text/plain']);
    case 'connect':
      $socket = @stream_socket_client("tcp://{$event['host']}:{$event['port']}", $code, $text, 5);
      return $socket ? 'connected' : ([101 => 'ENETUNREACH', 111 => 'ECONNREFUSED'][$code] ?? $text);
    case 'child':
      $ask = 'echo file_get_contents($argv[1], false, stream_context_create(["http" => ["proxy" => str_replace("http:", "tcp:", getenv("http_proxy"))]]));';
      return trim(shell_exec(escapeshellarg(PHP_BINARY) . ' -r ' . escapeshellarg($ask) . ' ' . escapeshellarg($event['url'])) ?? '');
    case 'list': $names = @scandir('/run/doors'); return $names ? implode(',', $names) : (file_exists('/run/doors/.') ? 'EACCES' : 'ENOENT');
    default: return implode(',', array_filter(array_keys(getenv()), fn ($name) => stripos($name, 'proxy') !== false));
  }
}`,
    program: '<?php echo file_get_contents(stream_get_contents(STDIN));',
  },
};

const directory = mkdtempSync(join(tmpdir(), 'relais-egress-'));
afterAll(() => removeTree(directory));

const found = { directory, searchPath: testSearchPath() };
const bubblewrap = await trySandbox('bubblewrap', found);
const unshare = await trySandbox('unshare', found);

describe.each(Object.entries({ bubblewrap, unshare }))('in %s', (_name, sandbox) => {
  if (typeof sandbox === 'string') throw new Error(sandbox);
  const { launcher } = launcherForTests(systemClock, sandbox);

  describe.each(Object.entries(languages))('a function in %s', (_lang, { file, handler, make, program }) => {
    let runtime: Runtime;
    const deploy = (source: string, wanted: string, isolation = Isolation.ISOLATION_UNSPECIFIED) =>
      deployForTest(runtime, file, source, { network: wanted, isolation });
    const ask = async (fn: TestFunction, event: object) => {
      const outcome = await fn.call({ payload: JSON.stringify(event) });
      return { said: outputOf(outcome).toString(), logs: outcome.logs };
    };
    const saidBy = async (fn: TestFunction, event: object) => (await ask(fn, event)).said;

    beforeAll(() => {
      const limits = { ...defaultRuntimeLimits, processesMax: 6 };
      runtime = make({ limits, clock: systemClock, launcher, searchPath: testSearchPath(), network });
    });
    afterAll(() => runtime.close(), slowTestMs);

    test(
      'reaches what it names, from its programs too, and nothing else',
      async () => {
        const fn = await deploy(handler, `allow:far.test:${far.port}`);
        expect(fn.built.form).toBe(Form.FORM_HANDLER);
        expect(await saidBy(fn, { do: 'fetch', url: `${farUrl}/a?b` })).toBe('200 GET /a?b ');
        expect(await saidBy(fn, { do: 'post', url: farUrl, body: 'x'.repeat(200_000) })).toBe(
          `200 POST / ${'x'.repeat(200_000)}`,
        );
        expect(await saidBy(fn, { do: 'child', url: `${farUrl}/child` })).toBe('GET /child');
        const { logs, said } = await ask(fn, { do: 'fetch', url: `http://other.test:${far.port}/` });
        expect(said).toContain('403');
        expect(logs).toContain(`relais: network: other.test:${far.port} is not in the network of this function`);
      },
      slowTestMs,
    );

    test(
      'has no way but that one',
      async () => {
        const fn = await deploy(handler, `allow:far.test:${far.port}`);
        const connect = (host: string, port: number) => saidBy(fn, { do: 'connect', host, port });
        expect(await connect(far.address, far.port)).toBe('ENETUNREACH');
        expect(await connect('169.254.169.254', 80)).toBe('ENETUNREACH');
        expect(await connect('127.0.0.1', neighbour.port)).toBe('ECONNREFUSED');
        // Other ways out that are there for others have names that it does not know.
        expect(await saidBy(fn, { do: 'list' })).toBe('EACCES');
      },
      slowTestMs,
    );

    test(
      'never reaches this machine or the metadata service, whatever it may reach',
      async () => {
        const fn = await deploy(handler, 'host');
        expect(await saidBy(fn, { do: 'fetch', url: `${farUrl}/` })).toBe('200 GET / ');
        for (const host of ['loop.test', '169.254.169.254', '[::ffff:127.0.0.1]']) {
          const { logs, said } = await ask(fn, { do: 'fetch', url: `http://${host}:${neighbour.port}/` });
          expect(said).toContain('403');
          expect(logs).toContain('is never reachable');
        }
      },
      slowTestMs,
    );

    test(
      'has no network unless it says so',
      async () => {
        const fn = await deploy(handler, '');
        expect(await saidBy(fn, { do: 'list' })).toMatch(/^(ENOENT|\.,\.\.|)$/);
        expect(await saidBy(fn, { do: 'environment' })).toBe('');
        expect(await saidBy(fn, { do: 'connect', host: '127.0.0.1', port: 3128 })).toMatch(
          /^(ECONNREFUSED|ENETUNREACH)$/,
        );
        expect(await saidBy(fn, { do: 'connect', host: far.address, port: far.port })).toBe('ENETUNREACH');
      },
      slowTestMs,
    );

    test(
      'may be a program, and its connections end with it',
      async () => {
        const fn = await deploy(program, `allow:far.test:${far.port}`);
        expect(fn.built.form).toBe(Form.FORM_PROGRAM);
        expect(outputOf(await fn.call({ payload: `${farUrl}/program` })).toString()).toBe('GET /program ');
        await fn.loaded.close();
      },
      slowTestMs,
    );
  });
});

const { launcher: anyLauncher } = launcherForTests();

test(
  'a connection of a process that has ended is closed at the far end',
  async () => {
    const held = createServer();
    held.listen(0, far.address);
    await new Promise((resolve) => held.once('listening', resolve));
    let open = 0;
    held.on('connection', (socket) => {
      open += 1;
      socket.on('error', () => {});
      socket.once('close', () => {
        open -= 1;
      });
    });
    const { port } = held.address() as { port: number };
    const runtime = createPythonRuntime({
      limits: defaultRuntimeLimits,
      clock: systemClock,
      launcher: anyLauncher,
      searchPath: testSearchPath(),
      network,
    });
    try {
      const source = `import os, socket
def handler(event, context):
    global kept
    kept = socket.create_connection(("127.0.0.1", 3128))
    kept.sendall(b"CONNECT far.test:%d HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n" % event)
    return kept.recv(12)`;
      const fn = await deployForTest(runtime, 'f.py', source, { network: `allow:far.test:${port}` });
      expect(outputOf(await fn.call({ payload: String(port) })).toString()).toBe('HTTP/1.1 200');
      await until('it is connected', () => open === 1);
      await fn.loaded.close();
      await until('it is not any more', () => open === 0);
    } finally {
      await runtime.close();
      held.close();
    }
  },
  slowTestMs,
);
