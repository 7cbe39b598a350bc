import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '@relais/kit';
import { removeTree } from '../processes/remove-tree.js';
import { launcherForTests, testSearchPath } from '../processes/testing/launcher.js';
import { deployForTest, outputOf } from '../runtimes/conformance/support.js';
import { createJsRuntime } from '../runtimes/js/js-runtime.js';
import { defaultRuntimeLimits } from '../runtimes/limits.js';
import { createPythonRuntime } from '../runtimes/python/python-runtime.js';
import { farAddress, rulesWith } from './testing/far-server.js';

const slowTestMs = 60_000;
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const tlsTest = hasOpenssl ? test : test.skip;

// What asks a URL over TLS and trusts one certificate more, as its users do: nothing in them knows of a proxy.
const js = `import tls from 'node:tls';
export const handler = async ({ url, ca }) => {
  if (ca) tls.setDefaultCACertificates([ca]);
  try { const answer = await fetch(url); return answer.status + ' ' + await answer.text(); }
  catch (error) { const all = []; for (let at = error; at; at = at.cause) all.push(at.code + ' ' + at.message); return 'failed ' + all.join(': '); }
};`;
const python = `import ssl, urllib.request
def handler(event, context):
    trusted = ssl.create_default_context(cadata=event.get("ca"))
    try:
        with urllib.request.urlopen(event["url"], context=trusted) as answer: return f"{answer.status} {answer.read().decode()}"
    except OSError as error: return f"failed {error}"`;

const directory = mkdtempSync(join(tmpdir(), 'relais-egress-tls-'));
const server = createServer((request, response) => {
  response.end(`${request.url} over ${(request.socket as TLSSocket).getProtocol()} as ${servernames.at(-1)}`);
});
const servernames: unknown[] = [];
let ca = '';
let port = 0;

beforeAll(async () => {
  if (!hasOpenssl) return;
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=far.test', '-addext', 'subjectAltName=DNS:far.test'];
  execFileSync('openssl', ['req', ...options, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  ca = readFileSync(cert, 'utf8');
  server.setSecureContext({ cert: ca, key: readFileSync(key) });
  server.on('secureConnection', (socket) =>
    servernames.push((socket as TLSSocket & { servername?: string }).servername),
  );
  server.listen(0, farAddress());
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await removeTree(directory);
});

describe.each([
  ['js', 'f.mjs', js, createJsRuntime],
  ['python', 'f.py', python, createPythonRuntime],
] as const)('a function in %s', (_lang, file, source, make) => {
  const { launcher } = launcherForTests();
  const network = rulesWith({ 'far.test': farAddress(), 'other.test': farAddress() });
  const limits = { ...defaultRuntimeLimits, processesMax: 4 };
  const runtime = make({ limits, clock: systemClock, launcher, searchPath: testSearchPath(), network });
  afterAll(() => runtime.close(), slowTestMs);

  const asker = async () => {
    const fn = await deployForTest(runtime, file, source, { network: `allow:far.test:${port}` });
    return async (event: object) => outputOf(await fn.call({ payload: JSON.stringify(event) })).toString();
  };

  tlsTest(
    'speaks TLS with what it names, end to end, and with nothing else (apt-get install openssl)',
    async () => {
      const ask = await asker();
      const url = `https://far.test:${port}/path`;
      // The certificate that it sees is the server's own, which nobody but it has the key to.
      expect(await ask({ url })).toMatch(/^failed .*(SELF_SIGNED|self-signed|CERT_VERIFY|self signed)/);
      expect(await ask({ url, ca })).toBe('200 /path over TLSv1.3 as far.test');
      expect(await ask({ url: `https://other.test:${port}/`, ca })).toMatch(/^failed .*(403|Proxy|proxy|Forbidden)/);
    },
    slowTestMs,
  );
});
