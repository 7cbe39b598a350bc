import { FakeWorker, settled } from '../testing/fake-worker.js';
import { ask, call, type Rig, startRig } from '../testing/rig.js';

let rig: Rig;
let worker: FakeWorker;

beforeEach(async () => {
  rig = await startRig();
  worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 16 });
  await settled();
});

/** So many of its oldest calls are answered one by one, after 20 ms of which they waited that long for a processor. */
async function answerOneByOne(count: number, waitedMs: number): Promise<void> {
  for (let answered = 0; answered < count; answered++) {
    rig.clock.advance(1);
    worker.answer(worker.jobs.slice(0, 1), 20_000, waitedMs * 1000);
    await settled();
  }
}

test('calls that keep the processors from one another run two at once, all are answered, and another function is not held up', async () => {
  const answers = Array.from({ length: 100 }, () => ask(rig, call()));
  await settled();
  expect(worker.jobs.length).toBeGreaterThan(6);
  await answerOneByOne(60, 18);
  expect(worker.jobs).toHaveLength(2);
  const other = ask(rig, call({ fn: 'other_1' }));
  await settled();
  expect(worker.jobs).toHaveLength(3);
  worker.answer(worker.jobs.slice(-1));
  await settled();
  expect(other.output).toBe('in');
  await answerOneByOne(40, 12);
  expect(worker.jobs).toEqual([]);
  expect(answers.map(({ output }) => output)).toEqual(answers.map(() => 'in'));
});

test('once they no longer wait more of them run again', async () => {
  for (let asked = 0; asked < 200; asked++) ask(rig, call());
  await settled();
  await answerOneByOne(60, 18);
  expect(worker.jobs).toHaveLength(2);
  await answerOneByOne(80, 1);
  expect(worker.jobs.length).toBeGreaterThan(5);
});

test('calls that run as long without waiting for processors are not limited', async () => {
  for (let asked = 0; asked < 100; asked++) ask(rig, call());
  await settled();
  await answerOneByOne(60, 4);
  // Six of every eight slots: the others are left for other functions.
  expect(worker.jobs).toHaveLength(12);
});
