import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KnownTools } from './known-tools.js';

let root: string;
let compiler: string;
let looks: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'relais-known-'));
  compiler = join(root, 'compiler');
  writeFileSync(compiler, 'one');
  looks = 0;
});
afterEach(() => rmSync(root, { recursive: true }));

async function look() {
  looks += 1;
  return { command: compiler, version: `found ${looks}` };
}

/** Each time as another worker would. */
const recall = (executables = [compiler]) => new KnownTools(join(root, 'tools')).recall('rust', executables, look);

test('what one worker found the next one knows', async () => {
  expect(await recall()).toEqual({ command: compiler, version: 'found 1' });
  expect(await recall()).toEqual({ command: compiler, version: 'found 1' });
  expect(looks).toBe(1);
  expect(readdirSync(join(root, 'tools'))).toHaveLength(1);
});

test('executables that are others now are looked at anew', async () => {
  await recall();
  utimesSync(compiler, 1, 1);
  expect(await recall()).toMatchObject({ version: 'found 2' });
  const second = join(root, 'second');
  writeFileSync(second, 'two');
  expect(await recall([second, compiler])).toMatchObject({ version: 'found 3' });
});

test('a compiler behind its proxy that is gone is looked for anew', async () => {
  const proxy = join(root, 'proxy');
  writeFileSync(proxy, '');
  await recall([proxy]);
  rmSync(compiler);
  expect(await recall([proxy])).toMatchObject({ version: 'found 2' });
});

test('that there is none is not kept, nor is what cannot be read believed', async () => {
  const tools = new KnownTools(join(root, 'tools'));
  expect(await tools.recall('rust', [compiler], async () => undefined)).toBe(undefined);
  await recall();
  const [file = ''] = readdirSync(join(root, 'tools'));
  writeFileSync(join(root, 'tools', file), '{"command":');
  expect(await recall()).toMatchObject({ version: 'found 2' });
});

test('without a directory, or without anything to look at, nothing is kept', async () => {
  await new KnownTools('').recall('rust', [compiler], look);
  await new KnownTools('').recall('rust', [compiler], look);
  await recall([]);
  expect(looks).toBe(3);
  expect(readdirSync(root)).toEqual(['compiler']);
});
