import { Client } from '../client.js';
import { type Platform, removeData, type Topology } from '../topology.js';

const mib = 1024 * 1024;

export function inputScenarios(topology: Topology): void {
  describe('answers bad input with the right code and stores nothing', () => {
    let platform: Platform;
    let client: Client;

    beforeAll(async () => {
      platform = await topology.start();
      client = new Client(platform.url);
    }, 60_000);

    afterAll(async () => {
      expect((await client.send('GET', '/functions')).body.functions).toEqual([]);
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    test.each([
      ['unknown language', '/deploy?name=x&lang=cobol', 'x', 400, 'invalid_argument'],
      ['a name that climbs', '/deploy?name=..%2Fetc%2Fpasswd&lang=js', 'x', 400, 'invalid_argument'],
      ['a name too long', `/deploy?name=${'a'.repeat(64)}&lang=js`, 'x', 400, 'invalid_argument'],
      ['no name', '/deploy?lang=js', 'x', 400, 'invalid_argument'],
      ['a timeout out of bounds', '/deploy?name=x&lang=js&timeoutMs=0', 'x', 400, 'invalid_argument'],
      ['a module that is none', '/deploy?name=x&lang=wasm', 'not wasm', 400, 'invalid_argument'],
      ['JavaScript that does not parse', '/deploy?name=x&lang=js', 'export default (', 400, 'invalid_argument'],
      ['a function that is not there', '/invoke?fn=nobody', '{}', 404, 'not_found'],
      ['a path that is not there', '/nowhere', '{}', 404, 'not_found'],
      ['malformed JSON to Connect', '/relais.v1.InvocationService/Invoke', '{"function":', 400, undefined],
    ])('%s', async (_what, path, body, status, code) => {
      const answer = await client.send('POST', path, body, { 'content-type': 'application/json' });
      expect(answer.status).toBe(status);
      expect(answer.body.error?.code).toBe(code);
    });

    test('a wrong method', async () => {
      const answer = await client.send('GET', '/deploy?name=x&lang=js');
      expect(answer).toMatchObject({ status: 405, body: { ok: false } });
      expect(answer.headers.get('allow')).toContain('POST');
    });

    test('a body of 100 MB', async () => {
      const answer = await client.send('POST', '/deploy?name=x&lang=js', new Uint8Array(100 * mib));
      expect(answer).toMatchObject({
        status: 413,
        body: { error: { code: 'resource_exhausted', reason: 'payload_too_large' } },
      });
    });

    test('C that does not compile, with file, line and column', async () => {
      const answer = await client.deploy('x', 'c', 'int main(void) {\n  return oops;\n}\n', '&filename=mistake.c');
      expect(answer).toMatchObject({
        status: 400,
        body: { error: { code: 'invalid_argument', reason: 'compile_error' } },
      });
      expect(answer.body.error?.diagnostics?.[0]).toMatchObject({
        file: 'mistake.c',
        line: 2,
        column: 10,
        severity: 'error',
      });
    }, 60_000);

    test('Python that does not parse, with its line', async () => {
      const answer = await client.deploy('x', 'python', 'x = 1\ndef handler(:\n  pass\n');
      expect(answer).toMatchObject({
        status: 400,
        body: { error: { code: 'invalid_argument', reason: 'compile_error' } },
      });
      expect(answer.body.error?.diagnostics?.[0]).toMatchObject({ line: 2 });
    });
  });
}
