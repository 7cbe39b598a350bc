import { EventEmitter } from 'node:events';
import { AnswerBudget } from './answer-budget.js';
import type { NodeResponse } from './messages.js';

const kib = 1024;

/** A response of which so much has not gone out. */
function response(writableLength = 0) {
  const destroy = () => {
    cut.push(made);
    made.emit('close');
  };
  const made: EventEmitter = Object.assign(new EventEmitter(), { writableLength, destroy });
  return made as unknown as NodeResponse;
}

let cut: unknown[];
let counted: number;
let answers: AnswerBudget;

beforeEach(() => {
  cut = [];
  counted = 0;
  answers = new AnswerBudget(100 * kib, () => {
    counted++;
  });
});

test('beyond the budget the answers that have waited longest are cut, and counted', () => {
  const [first, second, third] = [response(40 * kib), response(40 * kib), response(70 * kib)];
  for (const each of [first, second]) answers.written(each);
  expect(cut).toEqual([]);
  answers.written(third);
  expect(cut).toEqual([first, second]);
  expect(counted).toBe(2);
});

test('an answer that is out, or whose caller is gone, counts no longer', () => {
  const [first, second] = [response(90 * kib), response()];
  answers.written(first);
  first.emit('close');
  answers.hold(second, 90 * kib);
  answers.letGo(second);
  second.emit('close');
  answers.written(response(90 * kib));
  expect(cut).toEqual([]);
});

test('what the kernel took at once, and little, is not counted', () => {
  for (let each = 0; each < 100; each++) {
    const small = response(15 * kib);
    answers.written(small);
    answers.hold(small, 15 * kib);
    expect(small.listenerCount('close')).toBe(0);
  }
  answers.written(response(90 * kib));
  expect(cut).toEqual([]);
});
