import { readFileSync } from 'node:fs';
import { cpus, uptime } from 'node:os';
import { idleMsOfMachine, processorWaitMsOf } from './process-tree.js';

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

test('a process has waited for a processor for as long as the kernel says, and one that is gone says nothing', () => {
  const waitedNs = () => Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]);
  const leastNs = waitedNs();
  const waitedMs = processorWaitMsOf(process.pid) as number;
  expect(waitedMs * 1e6).toBeGreaterThanOrEqual(leastNs - 1);
  expect(waitedMs * 1e6).toBeLessThanOrEqual(waitedNs() + 1);
  expect(processorWaitMsOf(2 ** 22 + 1)).toBeUndefined();
});
