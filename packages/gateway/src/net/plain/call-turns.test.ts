import { CallTurns } from './call-turns.js';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a burst begins in order, eight calls in a turn, and other work comes between', async () => {
  const turns = new CallTurns();
  const events: string[] = [];
  for (let call = 0; call < 20; call++) turns.begin(call, () => events.push(`call ${call}`));
  expect(events).toEqual(Array.from({ length: 8 }, (_, call) => `call ${call}`));
  const inOrder = Array.from({ length: 20 }, (_, call) => `call ${call}`);
  setImmediate(() => events.push('other work'));
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  expect(events).toEqual([...inOrder.slice(0, 16), 'other work', ...inOrder.slice(16)]);
});

test('a call that comes while others wait begins after them', async () => {
  const turns = new CallTurns();
  const begun: number[] = [];
  for (let call = 0; call < 9; call++) turns.begin(call, () => begun.push(call));
  turns.begin(9, () => begun.push(9));
  await nextTurn();
  turns.begin(10, () => begun.push(10));
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('calls that come between the turns of a burst begin after all of it', async () => {
  const turns = new CallTurns();
  const begun: number[] = [];
  const begin = (first: number, end: number) => {
    for (let call = first; call < end; call++) turns.begin(call, () => begun.push(call));
  };
  begin(0, 30);
  await nextTurn();
  begin(30, 40);
  await nextTurn();
  begin(40, 50);
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  expect(begun).toEqual(Array.from({ length: 50 }, (_, call) => call));
});

test('a turn that began fewer leaves the next one its whole room', async () => {
  const turns = new CallTurns();
  let begun = 0;
  for (let call = 0; call < 5; call++) turns.begin(call, () => begun++);
  await nextTurn();
  for (let call = 0; call < 8; call++) turns.begin(call, () => begun++);
  expect(begun).toBe(13);
});

test('calls that wait begin in rounds, each in the order of its connections and with what came during the one before', async () => {
  const turns = new CallTurns();
  const begun: number[] = [];
  const come = (...places: number[]) => {
    for (const place of places) turns.begin(place, () => begun.push(place));
  };
  come(20, 21, 22, 23, 24, 25, 26, 27);
  // Of two turns, the second of which is not full.
  come(11, 3, 9, 1, 7, 5, 10, 2, 8, 6, 4);
  await nextTurn();
  // Before the round is over, and before all that wait in it.
  come(31, 30, 0);
  for (let turn = 0; turn < 2; turn++) await nextTurn();
  expect(begun.slice(8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 30, 31]);
});
