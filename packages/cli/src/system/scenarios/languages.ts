import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, example } from '../client.js';
import { toolchains } from '../toolchains.js';
import { type Platform, removeData, type Topology } from '../topology.js';

const extensions: Readonly<Record<string, string>> = { rust: 'rs', go: 'go', php: 'php' };

export function languageScenarios(topology: Topology): void {
  describe('serves every language from deploy to answer', () => {
    let platform: Platform;
    let client: Client;

    beforeAll(async () => {
      platform = await topology.start();
      client = new Client(platform.url);
    }, 60_000);

    afterAll(async () => {
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    test("the seed's session with C", async () => {
      const deployed = await client.deployExample('hello', 'c', 'hello.c');
      expect(deployed).toMatchObject({
        status: 201,
        body: { ok: true, name: 'hello', lang: 'c', wasm: true, version: 1 },
      });
      expect(deployed.body.id).toMatch(/^hello_\d{10}$/);
      const invoked = await client.invoke(String(deployed.body.id), '{"input":"test"}');
      expect(invoked).toMatchObject({ status: 200, body: { ok: true, output: 'Hello from FAAS!\n' } });
      expect(invoked.headers.get('x-relais-invocation-id')).toBe(invoked.body.invocationId);
      expect(invoked.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      const read = await client.send('GET', '/function/hello');
      expect(read.body).toMatchObject({
        ok: true,
        id: deployed.body.id,
        lang: 'c',
        code: example('hello.c').toString(),
      });
    }, 60_000);

    test('JavaScript, Python and HTML', async () => {
      await client.deployExample('add', 'js', 'add.js');
      await client.deployExample('greet', 'python', 'greet.py');
      await client.deployExample('page', 'html', 'index.html');
      expect((await client.invoke('add', '{"a":2,"b":3}')).body).toMatchObject({ ok: true, output: '{"sum":5}' });
      const greeting = await client.invoke('greet', '{"name":"Ada"}');
      expect(greeting.body).toMatchObject({ ok: true });
      expect(String(greeting.body.output)).toContain('Ada');
      const page = await fetch(`${platform.url}/fn/page`);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(await page.text()).toBe(example('index.html').toString());
      const list = await client.send('GET', '/functions');
      expect((list.body.functions as { name: string }[]).map(({ name }) => name)).toEqual(
        expect.arrayContaining(['add', 'greet', 'page']),
      );
    }, 60_000);

    test('C++ and TypeScript', async () => {
      await client.deployExample('hello-cpp', 'c%2B%2B', 'hello.cpp');
      await client.deployExample('add-ts', 'ts', 'add.ts');
      expect((await client.invoke('hello-cpp')).body).toMatchObject({ ok: true, output: 'Hello from FAAS!\n' });
      expect((await client.invoke('add-ts', '{"a":2,"b":3}')).body).toMatchObject({ ok: true, output: '{"sum":5}' });
    }, 120_000);

    for (const { install, lang, present } of toolchains) {
      const where = present ? test : test.skip;
      where(
        `${lang} (${install})`,
        async () => {
          const file = `hello.${extensions[lang]}`;
          const deployed = await client.send('POST', `/deploy?name=hello-${lang}&filename=${file}`, example(file));
          expect(deployed).toMatchObject({ status: 201, body: { ok: true, lang } });
          const invoked = await client.invoke(String(deployed.body.id));
          expect(invoked.body).toMatchObject({ ok: true, output: expect.stringMatching(/^Hello from .*!\n$/) });
        },
        120_000,
      );
    }

    test('an archive becomes one function', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'relais-archive-'));
      mkdirSync(join(folder, 'app/lib'), { recursive: true });
      writeFileSync(
        join(folder, 'app/main.py'),
        'from lib.words import shout\n\ndef handler(event, context):\n    return shout(event)\n',
      );
      writeFileSync(join(folder, 'app/lib/words.py'), 'def shout(text):\n    return text.upper()\n');
      const archive = execFileSync('tar', ['cz', '-C', folder, 'app']);
      rmSync(folder, { recursive: true });
      expect(await client.deploy('many-files', 'python', archive)).toMatchObject({ status: 201 });
      expect((await client.invoke('many-files', '"hey"')).body).toMatchObject({ ok: true, output: 'HEY' });
    });

    test('a new version takes the name over, the old id stays callable, a delete removes both', async () => {
      const first = await client.deploy('turn', 'js', 'export default () => "one"');
      const taken = await client.deploy('turn', 'js', 'export default () => "two"');
      expect(taken).toMatchObject({ status: 409, body: { ok: false, error: { code: 'already_exists' } } });
      const second = await client.deploy('turn', 'js', 'export default () => "two"', '&update=true');
      expect(second.body).toMatchObject({ ok: true, version: 2 });
      expect((await client.invoke('turn')).body.output).toBe('two');
      expect((await client.invoke(String(first.body.id))).body.output).toBe('one');
      expect((await client.invoke('turn@1')).body.output).toBe('one');
      expect((await client.send('DELETE', '/function/turn')).body).toMatchObject({ ok: true });
      expect(await client.invoke('turn')).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    });

    test('programs get stdin and a clean state, handlers stay warm, print goes to the logs', async () => {
      const counter =
        '#include <stdio.h>\nint n; int main(void){ int c; n++; while((c=getchar())!=EOF) putchar(c); printf("|%d", n); return 0; }';
      await client.deploy('counter', 'c', counter);
      for (const payload of ['a', 'bc', '']) {
        expect((await client.invoke('counter', payload)).body.output).toBe(`${payload}|1`);
      }
      await client.deploy(
        'shout',
        'python',
        'def handler(event, context):\n    print("seen", event)\n    return str(event).upper()\n',
      );
      const shouted = await client.invoke('shout', '"hey"');
      expect(shouted.body).toMatchObject({ output: 'HEY', logs: 'seen hey\n' });
    }, 60_000);

    test('the HTTP trigger reaches the handler and carries its answer', async () => {
      const source = `export default (event, { http }) => ({ statusCode: 418, headers: { 'x-tea': 'yes' }, body: http.method + http.path + '?' + http.query })`;
      await client.deploy('tea', 'js', source);
      const response = await fetch(`${platform.url}/fn/tea/pot?size=2`, { method: 'PUT', body: 'x' });
      expect([response.status, response.headers.get('x-tea')]).toEqual([418, 'yes']);
      expect(await response.text()).toBe('PUT/pot?size=2');
    });

    test('the list of languages tells what there is', async () => {
      const { body } = await client.send('GET', '/languages');
      const available = (body.languages as { lang: string; available: boolean; reason: string }[]).filter(
        (language) => language.available,
      );
      expect(available.map(({ lang }) => lang).sort()).toEqual(
        expect.arrayContaining(['c', 'cpp', 'html', 'js', 'python', 'ts', 'wasm']),
      );
    });
  });
}
