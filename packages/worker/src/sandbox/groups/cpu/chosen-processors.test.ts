import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChosenProcessors, processorsIn } from './chosen-processors.js';

test.each([
  ['0\n', [0]],
  ['0-3\n', [0, 1, 2, 3]],
  ['0-1,8,10-11\n', [0, 1, 8, 10, 11]],
  ['\n', []],
])('the list %j names %j', (list, processors) => {
  expect(processorsIn(list)).toEqual(processors);
});

test('all but so many are chosen, and one in any case', () => {
  const directory = mkdtempSync(join(tmpdir(), 'relais-processors-'));
  try {
    const file = join(directory, 'cpuset.cpus');
    const chosen = new ChosenProcessors(file, [0, 1, 8]);
    const after = (count: number) => {
      chosen.leave(count);
      return readFileSync(file, 'utf8');
    };
    expect([1, 2, 3, 0].map(after)).toEqual(['1,8', '8', '8', '0,1,8']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a group that is gone leaves nothing, and nobody minds', () => {
  expect(() => new ChosenProcessors('/nowhere/cpuset.cpus', [0, 1]).leave(1)).not.toThrow();
});
