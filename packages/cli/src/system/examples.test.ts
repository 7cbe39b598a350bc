import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, example } from './client.js';
import { repositoryRoot } from './role-process.js';
import { toolchains } from './toolchains.js';
import { allInOne, type Platform, removeData } from './topology.js';

const slowTestMs = 180_000;

interface Example {
  readonly file: string;
  readonly lang: string;
  readonly payload: string | Uint8Array;
  readonly output: string | RegExp;
}

const hello = /^Hello from/;
const picture = Buffer.from('P6\n2 1\n255\n\xff\xff\xff\x00\x00\xff', 'latin1');
const grey = Buffer.from('P5\n2 1\n255\n\xff\x1c', 'latin1').toString('base64');
const order = '{"customer":"Ada","items":[{"name":"nut","count":4,"price":0.5}]}';
const lines = '{"customer":"Ada","lines":[{"item":"nut","count":3,"cents":50}],"vatPercent":19}';
const ledger = '[{"account":"rent","amount":"-850.10"},{"account":"pay","amount":"2000"}]';

const examples: readonly Example[] = [
  { file: 'hello.c', lang: 'c', payload: '', output: hello },
  { file: 'grey.c', lang: 'c', payload: picture, output: grey },
  { file: 'hello.cpp', lang: 'cpp', payload: '', output: hello },
  { file: 'columns.cpp', lang: 'cpp', payload: 'a,b\n1,2\n3,6\n', output: /b.*4/s },
  { file: 'hello.rs', lang: 'rust', payload: '', output: hello },
  { file: 'words.rs', lang: 'rust', payload: 'two one two', output: '{"two":2,"one":1}\n' },
  { file: 'hello.go', lang: 'go', payload: '', output: hello },
  { file: 'letter.go', lang: 'go', payload: order, output: /^Dear Ada,.*Total +2\.00\n$/s },
  { file: 'add.js', lang: 'js', payload: '{"a":2,"b":3}', output: '{"sum":5}' },
  { file: 'units.js', lang: 'js', payload: '{"from":"km","to":"m","value":5}', output: /"result":5000/ },
  { file: 'clock.js', lang: 'js', payload: '', output: /"content-type":"text\/event-stream"/ },
  { file: 'add.ts', lang: 'ts', payload: '{"a":2,"b":3}', output: '{"sum":5}' },
  { file: 'invoice.ts', lang: 'ts', payload: lines, output: /"net":"1\.50","vat":"0\.29","total":"1\.79"/ },
  { file: 'greet.py', lang: 'python', payload: '{"name":"Ada"}', output: /Ada/ },
  { file: 'ledger.py', lang: 'python', payload: ledger, output: /1149\.90.*-850\.10/s },
  { file: 'tokens.py', lang: 'python', payload: 'hi', output: /^You asked: hi\nRivers do,.*listens\. \n$/s },
  { file: 'hello.php', lang: 'php', payload: '', output: hello },
  { file: 'words.php', lang: 'php', payload: '{"text":"zwei Wörter, zwei 世界"}', output: /"words":4.*世界|\\u4e16/s },
];

const absent = new Map(toolchains.filter(({ present }) => !present).map(({ install, lang }) => [lang, install]));

describe('every example', () => {
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

  test('is tried here', () => {
    const files = readdirSync(join(repositoryRoot, 'examples'), { withFileTypes: true });
    const sources = files.filter((file) => file.isFile() && !/\.(md|html)$/.test(file.name)).map(({ name }) => name);
    const tried = new Set(examples.map(({ file }) => file));
    expect(sources.filter((name) => !tried.has(name))).toEqual([]);
  });

  for (const { file, lang, output, payload } of examples) {
    const install = absent.get(lang);
    const where = install === undefined ? test : test.skip;
    where(
      `${file}${install === undefined ? '' : ` (${install})`}`,
      async () => {
        const name = file.replace('.', '-');
        // As in the first lines of the manual, with curl itself.
        const deployed = await curl(`${platform.url}/deploy?name=${name}&lang=${lang}`, file);
        expect(deployed).toEqual({
          ok: true,
          id: expect.any(String),
          name,
          lang,
          wasm: expect.any(Boolean),
          version: 1,
        });
        const { body } = await client.invoke(name, payload);
        expect(body).toMatchObject({ ok: true });
        expect(body.output).toEqual(typeof output === 'string' ? output : expect.stringMatching(output));
      },
      slowTestMs,
    );
  }

  test('index.html, which is served as it is', async () => {
    const deployed = await curl(`${platform.url}/deploy?name=page&lang=html`, 'index.html');
    expect(deployed).toMatchObject({ ok: true });
    expect(await (await fetch(`${platform.url}/fn/page`)).text()).toBe(example('index.html').toString());
  });

  test('units.js is an HTTP API', async () => {
    await client.deployExample('units', 'js', 'units.js');
    const ask = async (path: string, method = 'GET') => {
      const answer = await fetch(`${platform.url}/fn/units${path}`, { method });
      return [answer.status, await answer.json()];
    };
    expect(await ask('/km/m?value=2')).toEqual([200, { from: 'km', to: 'm', value: 2, result: 2000 }]);
    expect(await ask('')).toMatchObject([200, { units: expect.arrayContaining(['km', 'lb']) }]);
    expect(await ask('/km/lb')).toMatchObject([400, { error: 'cannot turn km into lb' }]);
    expect(await ask('/km')).toMatchObject([404, {}]);
    expect(await ask('/km/m', 'DELETE')).toMatchObject([405, {}]);
  });
});

async function curl(url: string, file: string): Promise<unknown> {
  const path = join(repositoryRoot, 'examples', file);
  const { stdout } = await promisify(execFile)('curl', ['-s', '-X', 'POST', url, '--data-binary', `@${path}`]);
  return JSON.parse(stdout);
}
