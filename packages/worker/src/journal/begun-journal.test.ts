import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BegunJournal, readBegunJournal, reserveBegunJournal } from './begun-journal.js';

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

const none = () => false;

test('gives back what was begun, through another descriptor', () => {
  const journal = new BegunJournal(fd);
  for (const id of [7, 4_294_967_295, 9]) journal.begin(id, none);
  const reader = openSync(join(folder, 'journal'), 'r');
  expect(readBegunJournal(reader)).toEqual([7, 4_294_967_295, 9]);
  closeSync(reader);
});

test('holds the last 4096 and stays that size', () => {
  const journal = new BegunJournal(fd);
  for (let id = 1; id <= 5000; id++) journal.begin(id, none);
  const begun = new Set(readBegunJournal(fd));
  expect(begun.size).toBe(4096);
  expect([904, 905, 5000].map((id) => begun.has(id))).toEqual([false, true, true]);
});

test('keeps what still runs, however many begin after it', () => {
  const journal = new BegunJournal(fd);
  const running = new Set([3, 4, 4000]);
  for (let id = 1; id <= 20_000; id++) journal.begin(id, (known) => running.has(known));
  const begun = new Set(readBegunJournal(fd));
  expect(begun.size).toBe(4096);
  expect([2, 3, 4, 5, 4000, 4001, 20_000].map((id) => begun.has(id))).toEqual([
    false,
    true,
    true,
    false,
    true,
    false,
    true,
  ]);
});

test('an unused journal names nothing', () => {
  expect(readBegunJournal(fd)).toEqual([]);
  reserveBegunJournal(fd);
  expect(readBegunJournal(fd)).toEqual([]);
});

test('one that is reserved never grows, so no full disk stops it', () => {
  reserveBegunJournal(fd);
  const { blocks, size } = fstatSync(fd);
  expect(blocks * 512).toBeGreaterThanOrEqual(size);
  const journal = new BegunJournal(fd);
  for (let id = 1; id <= 5000; id++) journal.begin(id, none);
  expect(fstatSync(fd)).toMatchObject({ blocks, size });
  expect(readBegunJournal(fd)).toHaveLength(4096);
});
