import { CpuAccount, type CpuTerms } from './cpu-account.js';
import { FakeUser } from './testing/fake-user.js';

let account: CpuAccount;
let first: FakeUser;

beforeEach(() => {
  account = new CpuAccount('others', 0);
  first = new FakeUser();
});

function at(nowMs: number, leaves = 0): CpuTerms {
  return { anyLight: true, nowMs, contended: false, severalCalled: true, leaves };
}

/** It computes without a pause, and is looked at. */
function compute(process: FakeUser, fromMs: number, ms: number): void {
  for (let nowMs = fromMs + 50; nowMs <= fromMs + ms; nowMs += 50) {
    process.used += 50;
    account.count(0);
    account.settle(at(nowMs));
  }
}

test('what the last one owed the next one begins with, until that is slept off', () => {
  account.join(first, false, at(0));
  compute(first, 0, 1000);
  expect(first.ranks).toEqual(['last']);
  account.leave(first, at(1000));
  const [soon, late] = [new FakeUser(), new FakeUser()];
  account.join(soon, true, at(1500));
  expect(soon.ranks).toEqual(['last']);
  account.leave(soon, at(1500));
  account.join(late, true, at(4000));
  expect(late.ranks).toEqual(['light']);
});

test('a process may use so much to start, unless something is owed', () => {
  account.join(first, true, at(0));
  compute(first, 0, 200);
  expect([account.owes, first.ranks]).toEqual([false, []]);
  account.started(first, at(200));
  compute(first, 200, 100);
  expect(account.owes).toBe(true);
  const second = new FakeUser();
  account.join(second, true, at(300));
  account.leave(first, at(300));
  compute(second, 300, 150);
  expect(second.ranks).toEqual(['last']);
});

test('who starts again and again only to end pays for the starts', () => {
  for (let start = 0; start < 2; start++) {
    const process = new FakeUser();
    account.join(process, true, at(start * 150));
    compute(process, start * 150, 150);
    account.leave(process, at(start * 150 + 150));
  }
  account.join(first, true, at(300));
  expect(first.ranks).toEqual(['last']);
});

test('who lives long enough has paid for its start', () => {
  account.join(first, true, at(0));
  compute(first, 0, 150);
  account.started(first, at(150));
  account.leave(first, at(1000));
  expect(account.owes).toBe(false);
});

test('who comes from another account is told only of what differs', () => {
  const other = new CpuAccount('others', 0);
  const hog = new FakeUser();
  other.join(hog, false, at(0));
  for (let nowMs = 50; nowMs <= 500; nowMs += 50) {
    hog.used += 50;
    other.count(0);
    other.settle(at(nowMs, 1));
  }
  account.join(first, false, at(0));
  compute(first, 0, 500);
  const stood = other.leave(hog, at(5000, 0));
  account.join(hog, false, at(500, 1), stood);
  expect(hog.ranks).toEqual(['last']);
  expect(hog.left).toEqual([1, 0]);
  account.settle(at(550, 1));
  expect(hog.left).toEqual([1, 0, 1]);
});

test('where several compute at once they do not use up what they saved before they go last', () => {
  const two = [first, new FakeUser()];
  for (const process of two) account.join(process, false, at(0));
  for (let nowMs = 50; nowMs <= 3000; nowMs += 50) account.settle(at(nowMs));
  expect(two.map(({ ranks }) => ranks)).toEqual([['light'], ['light']]);
  const alone = new CpuAccount('others', 0);
  const one = new FakeUser();
  alone.join(one, false, at(0));
  for (let nowMs = 50; nowMs <= 3000; nowMs += 50) alone.settle(at(nowMs));
  for (const process of two) process.used += 50;
  one.used += 100;
  for (const each of [account, alone]) {
    each.count(0);
    each.settle({ ...at(3050), contended: true });
  }
  expect(two.map(({ ranks }) => ranks.at(-1))).toEqual(['last', 'last']);
  expect(one.ranks).toEqual(['light']);
});
