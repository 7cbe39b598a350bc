import { cpus, uptime } from 'node:os';
import { idleMsOfMachine } from './process-tree.js';

/** Of all processors together, as Node tells it. */
function timesMs(...kinds: ('idle' | 'user' | 'nice' | 'sys')[]): number {
  return cpus().reduce((sum, { times }) => kinds.reduce((all, kind) => all + times[kind], sum), 0);
}

test('the processors of the machine were idle for as long as Node says, and for no longer than they did not work', () => {
  const [leastMs, workMs] = [timesMs('idle'), timesMs('user', 'nice', 'sys')];
  const idleMs = idleMsOfMachine() ?? Number.NaN;
  expect(idleMs).toBeGreaterThanOrEqual(leastMs);
  expect(idleMs).toBeLessThanOrEqual((uptime() + 1) * 1000 * cpus().length - workMs);
});
