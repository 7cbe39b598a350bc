import { Client } from './client.js';
import { toolchains } from './toolchains.js';
import { allInOne, type Platform, removeData } from './topology.js';

const slowTestMs = 180_000;
const callsOfEach = 250;

/** Each counts its calls in a global variable and prints the count. */
const counters: Readonly<Record<string, string>> = {
  c: '#include <stdio.h>\nint calls; int main(void) { printf("%d", ++calls); return 0; }',
  rust: 'use std::sync::atomic::{AtomicU32, Ordering};\nstatic CALLS: AtomicU32 = AtomicU32::new(0);\nfn main() { print!("{}", CALLS.fetch_add(1, Ordering::SeqCst) + 1); }',
  go: 'package main\nimport "fmt"\nvar calls int\nfunc main() { calls++; fmt.Print(calls) }',
  js: 'let calls = 0; export default () => ++calls;',
};
/** Each lists its open descriptors. */
const lookers: Readonly<Record<string, string>> = {
  js: `import fs from 'node:fs';
const link = (fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
export default () => fs.readdirSync('/proc/self/fd').map((fd) => fd + ' ' + link(fd)).join('\\n');`,
  python: `import os
def link(fd):
    try: return os.readlink("/proc/self/fd/" + fd)
    except OSError: return ""
def handler(event, context):
    return "\\n".join(fd + " " + link(fd) for fd in os.listdir("/proc/self/fd"))`,
};
const absent = new Map(toolchains.filter(({ present }) => !present).map(({ install, lang }) => [lang, install]));

describe('isolation, through the port', () => {
  let platform: Platform;
  let client: Client;

  beforeAll(async () => {
    platform = await allInOne.start();
    client = new Client(platform.url);
  }, slowTestMs);

  afterAll(async () => {
    await platform.stop();
    removeData(platform.data);
  }, slowTestMs);

  for (const [lang, source] of Object.entries(counters)) {
    const install = absent.get(lang);
    const where = install === undefined ? test : test.skip;
    where(
      `${lang}: fresh keeps nothing between interleaved calls of two functions, reuse does${install ? ` (${install})` : ''}`,
      async () => {
        expect(await outputsOfFresh(lang, source)).toEqual(['1']);
        const counts = await countsOfReused(`${lang}-kept`, lang, source);
        // Several workers count on their own.
        expect(Math.max(...counts)).toBeGreaterThan(2);
        const { isolationCost } = (await client.send('GET', `/function/${lang}-kept`)).body;
        const basis = lang === 'js' ? 'calls' : 'build';
        expect(isolationCost).toMatchObject({ newUs: expect.any(Number), reuseUs: expect.any(Number), basis });
      },
      slowTestMs,
    );
  }

  for (const [lang, source] of Object.entries(lookers)) {
    const install = absent.get(lang);
    const where = install === undefined ? test : test.skip;
    where(`${lang}: a function has no file of the platform open${install ? ` (${install})` : ''}`, async () => {
      expect((await client.deploy(`${lang}-files`, lang, source)).body).toMatchObject({ ok: true });
      const { output } = (await client.invoke(`${lang}-files`)).body;
      expect(output).toMatch(/^0 /m);
      // The database's, to begin with, which its library does not close at an exec.
      expect(output).not.toContain(platform.data);
    });
  }

  /** What two functions answered, ten calls of theirs at a time. */
  async function outputsOfFresh(lang: string, source: string): Promise<unknown[]> {
    const names = [`${lang}-one`, `${lang}-two`];
    for (const name of names) await deploy(name, lang, source, 'fresh');
    const seen = new Set<unknown>();
    for (let done = 0; done < (lang === 'js' ? 20 : callsOfEach); done += 5) {
      const wave = Array.from({ length: 5 }, () => names).flat();
      for (const { body } of await Promise.all(wave.map((name) => client.invoke(name)))) seen.add(body.output);
    }
    return [...seen];
  }

  async function countsOfReused(name: string, lang: string, source: string): Promise<number[]> {
    await deploy(name, lang, source, 'reuse');
    const counts: number[] = [];
    for (let call = 0; call < 20; call += 1) counts.push(Number((await client.invoke(name)).body.output));
    return counts;
  }

  async function deploy(name: string, lang: string, source: string, isolation: string): Promise<void> {
    expect((await client.deploy(name, lang, source, `&isolation=${isolation}`)).body).toMatchObject({ ok: true });
  }
});
