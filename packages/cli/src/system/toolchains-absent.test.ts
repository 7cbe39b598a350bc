import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, example } from './client.js';
import { toolchains } from './toolchains.js';
import { allInOne, type Platform, removeData } from './topology.js';

interface Offered {
  readonly lang: string;
  readonly available: boolean;
  readonly reason: string;
  readonly toolchain: string;
}

async function offeredBy({ url }: Platform): Promise<Map<string, Offered>> {
  const { body } = await new Client(url).send('GET', '/languages');
  return new Map((body.languages as Offered[]).map((language) => [language.lang, language]));
}

const always = ['c', 'cpp', 'html', 'js', 'ts', 'wasm'];
const files = { rust: 'hello.rs', go: 'hello.go', python: 'greet.py', php: 'hello.php' };

test('without a toolchain a language is not offered, a deploy says what to install, and the others work', async () => {
  const path = mkdtempSync(join(tmpdir(), 'relais-no-tools-'));
  const platform = await allInOne.start({ path });
  const client = new Client(platform.url);
  const offered = await offeredBy(platform);
  expect(always.filter((lang) => !offered.get(lang)?.available)).toEqual([]);
  for (const [lang, file] of Object.entries(files)) {
    const { available, reason } = offered.get(lang) ?? { available: true, reason: '' };
    expect([lang, available]).toEqual([lang, false]);
    expect(reason).toMatch(/install/i);
    const refused = await client.deploy(`absent-${lang}`, lang, example(file));
    expect(refused).toMatchObject({
      status: 412,
      body: {
        ok: false,
        error: { code: 'failed_precondition', reason: 'toolchain_absent', message: expect.stringContaining(reason) },
      },
    });
  }
  await client.deployExample('add', 'js', 'add.js');
  expect((await client.invoke('add', '{"a":2,"b":3}')).body).toMatchObject({ ok: true, output: '{"sum":5}' });
  await platform.stop();
  removeData(platform.data);
  rmSync(path, { recursive: true });
}, 120_000);

test('with its toolchain a language is offered, and by which', async () => {
  const platform = await allInOne.start();
  const offered = await offeredBy(platform);
  for (const { lang, present } of toolchains) {
    expect([lang, offered.get(lang)?.available]).toEqual([lang, present]);
    expect([lang, offered.get(lang)?.toolchain !== '']).toEqual([lang, present]);
  }
  await platform.stop();
  removeData(platform.data);
}, 120_000);
