import { Fault } from '@relais/contracts';
import { FakeWorker, settled } from '../testing/fake-worker.js';
import { type Answer, ask, call, type Rig, startRig } from '../testing/rig.js';

interface Platform {
  readonly rig: Rig;
  readonly worker: FakeWorker;
}

/** One worker that runs one call at a time. */
async function start(): Promise<Platform> {
  const rig = await startRig();
  const worker = new FakeWorker(rig.balancer, { workerId: 'w1', slots: 1 });
  await settled();
  return { rig, worker };
}

/** Time passes in the steps of a ticker, and the worker is heard. */
async function pass({ rig, worker }: Platform, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    rig.clock.advance(Math.min(50, ms - passed));
    worker.heartbeat();
    await settled();
  }
}

async function answered({ worker }: Platform): Promise<void> {
  worker.answer();
  await settled();
}

/** One call that takes so long. */
async function took(platform: Platform, ms: number): Promise<void> {
  ask(platform.rig, call());
  await settled();
  await pass(platform, ms);
  await answered(platform);
}

/** Takes the worker for 900 ms, and what is asked meanwhile has waited for as long. */
async function after900Ms(platform: Platform, budgetsMs: readonly number[]): Promise<Answer[]> {
  ask(platform.rig, call({ fn: 'other_1' }));
  await settled();
  const answers = budgetsMs.map((budgetMs) => ask(platform.rig, call({ budgetMs, payload: `${budgetMs}` })));
  await pass(platform, 900);
  await answered(platform);
  return answers;
}

function payloadsOf({ worker }: Platform): (string | undefined)[] {
  return worker.jobs.map(({ work }) => (work?.$case === 'invoke' ? work.value.payload.toString() : undefined));
}

test('what has less time left than such calls take, and waited for most of it, is answered and not begun', async () => {
  const platform = await start();
  await took(platform, 200);
  const [late, inTime] = await after900Ms(platform, [1050, 1150]);
  expect(late?.failure).toMatchObject({ code: 'deadline_exceeded', fault: Fault.FAULT_PLATFORM, notStarted: true });
  // As soon as that is so, and not when a worker has room at last.
  expect(late?.failure?.message).toBe(
    'hello_1 still waited with 190 ms of its time budget left, and takes 200: it was not begun.',
  );
  expect(payloadsOf(platform)).toEqual(['1150']);
  expect(inTime?.open).toBe(true);
});

test('what has not waited is begun however little time it has', async () => {
  const platform = await start();
  await took(platform, 200);
  ask(platform.rig, call({ budgetMs: 100, payload: 'short' }));
  await settled();
  expect(payloadsOf(platform)).toEqual(['short']);
});

test('what waiting has left too little time is not called the function, and the next with as little are not begun', async () => {
  const platform = await start();
  await took(platform, 90);
  const [first] = await after900Ms(platform, [1000]);
  await pass(platform, 150);
  expect(first?.failure).toMatchObject({ code: 'deadline_exceeded', fault: Fault.FAULT_PLATFORM, notStarted: false });
  expect(first?.failure?.message).toContain('had 100 ms of its time budget left when a worker had room for it');
  platform.worker.fail([...platform.worker.jobs], { code: 'cancelled' });
  await settled();
  const [second, third] = await after900Ms(platform, [1050, 1200]);
  expect([second?.failure?.notStarted, payloadsOf(platform)]).toEqual([true, ['1200']]);
  await answered(platform);
  expect(third?.output).toBe('1200');
});

test('a worker that ends a call for the little time that waiting left it is not believed that the function is slow', async () => {
  const platform = await start();
  await took(platform, 10);
  for (let count = 0; count < 4; count++) {
    const [answer] = await after900Ms(platform, [1000 + 500 * count]);
    platform.worker.fail([...platform.worker.jobs], { code: 'deadline_exceeded', reason: 'timeout', fault: 2 });
    await settled();
    const fault = count < 2 ? Fault.FAULT_PLATFORM : Fault.FAULT_FUNCTION;
    expect([count, answer?.failure?.reason, answer?.failure?.fault]).toEqual([count, 'timeout', fault]);
  }
});
