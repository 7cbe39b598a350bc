import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BegunJournal, readBegunJournal } from './begun-journal.js';

let folder: string;
let fd: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-journal-'));
  fd = openSync(join(folder, 'journal'), 'w+');
});

afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

test('gives back what was begun, through another descriptor', () => {
  const journal = new BegunJournal(fd);
  for (const id of [7, 4_294_967_295, 9]) journal.begin(id);
  const reader = openSync(join(folder, 'journal'), 'r');
  expect(readBegunJournal(reader)).toEqual([7, 4_294_967_295, 9]);
  closeSync(reader);
});

test('holds the last 4096 and stays that size', () => {
  const journal = new BegunJournal(fd);
  for (let id = 1; id <= 5000; id++) journal.begin(id);
  const begun = new Set(readBegunJournal(fd));
  expect(begun.size).toBe(4096);
  expect([904, 905, 5000].map((id) => begun.has(id))).toEqual([false, true, true]);
});

test('an unused journal names nothing', () => {
  expect(readBegunJournal(fd)).toEqual([]);
});
