import { ManualClock } from '@relais/kit';
import { threadWithChild } from '../../processes/testing/thread-child.js';
import { until } from '../../runtimes/conformance/support.js';
import { PolledGroup } from './polled-group.js';

const mebibyte = 2 ** 20;

test('counts what a thread has started', async () => {
  const clock = new ManualClock();
  const group = new PolledGroup({ memoryBytesMax: 250 * mebibyte, tasksMax: 128 }, clock);
  const { pid, end } = await threadWithChild(300 * mebibyte);
  let killed = false;
  group.watch(pid, () => {
    killed = true;
  });
  try {
    await until('it is killed', () => {
      clock.advance(25);
      return killed;
    });
    expect(group.hits().memory).toBe(true);
  } finally {
    end();
    await group.remove();
  }
});
