import { FakeWorker, language, settled } from '../testing/fake-worker.js';
import { ask, call, startRig } from '../testing/rig.js';

const functions = Array.from({ length: 1500 }, (_, index) => `f${index}_1`);
const functionOf = ({ jobs }: FakeWorker) => jobs.map(({ work }) => work?.$case === 'invoke' && work.value.functionId);

test('of very many functions that wait each has its turn, in order', async () => {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  const answers = functions.map((fn) => ask(rig, call({ fn, budgetMs: 600_000 })));
  const order: unknown[] = [];
  for (let turn = 0; turn < functions.length; turn++) {
    await settled();
    order.push(...functionOf(worker));
    worker.answer();
  }
  await Promise.all(answers.map((answer) => answer.promise));
  expect(order).toEqual(functions);
});

test('one that could run at once is found behind them within a tenth of a second', async () => {
  const rig = await startRig();
  const busy = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  for (const fn of functions) ask(rig, call({ fn, budgetMs: 600_000 }));
  const other = ask(rig, call({ fn: 'other_1', lang: 'js', budgetMs: 600_000 }));
  await settled();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w2', languages: [language('js')] });
  await settled();
  // No event looks at them all: of thousands, each would cost milliseconds.
  expect(worker.jobs).toEqual([]);
  for (let ms = 0; ms < 110; ms += 10) {
    rig.clock.advance(10);
    await settled();
  }
  worker.answer();
  await other.promise;
  expect([busy.jobs.length, other.output]).toEqual([1, 'in']);
});
