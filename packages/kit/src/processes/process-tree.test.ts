import { cpus, uptime } from 'node:os';
import { idleMsOfMachine } from './process-tree.js';

test('the processors of the machine were idle for no longer than it has run', () => {
  const idleMs = idleMsOfMachine() ?? Number.NaN;
  expect(idleMs).toBeGreaterThan(0);
  expect(idleMs).toBeLessThanOrEqual((uptime() + 1) * 1000 * cpus().length);
  expect(idleMsOfMachine()).toBeGreaterThanOrEqual(idleMs);
});
