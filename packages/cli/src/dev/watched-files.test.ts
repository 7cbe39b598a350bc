import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WatchedFiles } from './watched-files.js';

let folder: string;
let file: string;
let files: WatchedFiles;
const never = new AbortController().signal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-watched-'));
  file = join(folder, 'a.js');
  writeFileSync(file, 'one');
  utimesSync(file, 1, 1);
  files = new WatchedFiles();
  files.watch([file], Date.now());
});

afterEach(() => {
  files.close();
  rmSync(folder, { recursive: true });
});

test('a save is told', async () => {
  const changed = files.changed(never);
  writeFileSync(file, 'longer');
  await changed;
});

test('a save before anybody waits is told', async () => {
  const readFromMs = Date.now();
  writeFileSync(join(folder, 'b.js'), 'saved while it was read');
  files.watch([file, join(folder, 'b.js')], readFromMs);
  await files.changed(never);
});

test('a file that an editor replaces is told, twice too', async () => {
  for (const text of ['first save', 'second']) {
    const changed = files.changed(never);
    writeFileSync(join(folder, '.swap'), text);
    renameSync(join(folder, '.swap'), file);
    await changed;
  }
});

test('what happens beside it is not told, and an interruption ends the wait', async () => {
  const interruption = new AbortController();
  let told = false;
  const changed = files.changed(interruption.signal).then(() => {
    told = true;
  });
  writeFileSync(join(folder, 'other.js'), 'x');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(told).toBe(false);
  interruption.abort();
  await changed;
});
