import { AttachRequest, AttachResponse, Job, JobResult } from '@relais/contracts';
import { type Link, ManualClock, memoryLinkPair, RelaisError, silentLogger } from '@relais/kit';
import type { JobRunner } from '../jobs/job-runner.js';
import { WorkerNode } from './worker-node.js';

/** Takes jobs and holds them until the test answers. */
class HeldRunner {
  readonly jobs: Job[] = [];
  readonly cancelled: number[] = [];
  readonly answer: (result: JobResult) => void;
  /** Answers each job within its run, as calls in a worker's own loop are. */
  atOnce = false;
  #running = new Set<number>();

  constructor(answer: (result: JobResult) => void) {
    this.answer = answer;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  oldestMs(): number {
    return 12;
  }

  run(job: Job): void {
    this.jobs.push(job);
    this.#running.add(job.id);
    if (this.atOnce) this.finish(job.id);
  }

  finish(id: number, result: JobResult = JobResult.create({ id })): void {
    this.#running.delete(id);
    this.answer(result);
  }

  cancel(id: number): void {
    this.cancelled.push(id);
  }

  cancelAll(): void {
    for (const id of this.#running) this.cancelled.push(id);
    this.#running.clear();
  }
}

function rig() {
  const clock = new ManualClock();
  const frames: AttachRequest[] = [];
  const links: Link<AttachResponse, AttachRequest>[] = [];
  const refusals = { next: 0 };
  const idleEnded: string[] = [];
  const warmed: [string, number][] = [];
  let runner: HeldRunner | undefined;
  const node = new WorkerNode({
    workerId: 'w1',
    host: 'here',
    slots: 4,
    weight: 2,
    inline: false,
    apartSlots: 0,
    pid: 4711,
    sandbox: { name: 'none', tier: 'T0', missing: [] },
    languages: [],
    clock,
    logger: silentLogger,
    random: () => 0.5,
    dial: async () => {
      if (refusals.next > 0) {
        refusals.next--;
        throw new RelaisError('unavailable', 'Nobody answers.');
      }
      const [ours, theirs] = memoryLinkPair<AttachRequest, AttachResponse>('balancer', 'worker');
      theirs.receive({ message: (frame) => frames.push(frame), closed: () => {} });
      links.push(theirs);
      return {
        peer: ours.peer,
        // As between processes: what cannot be encoded cannot be sent.
        send: (frame) => ours.send(AttachRequest.decode(AttachRequest.encode(frame).finish())),
        receive: (receiver) => ours.receive(receiver),
        close: () => ours.close(),
      };
    },
    endIdle: (functionId) => idleEnded.push(functionId),
    keepWarm: (functionId, instances) => warmed.push([functionId, instances]),
    makeRunner: (answer) => {
      runner = new HeldRunner(answer);
      return runner as unknown as JobRunner;
    },
  });
  if (!runner) throw new Error('the node makes its runner in the constructor');
  return { clock, frames, idleEnded, links, node, refusals, runner, warmed };
}

/** Lets microtasks and the batch of this turn go through. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Lets pass what needs no further turn of the loop. */
async function microtasks(): Promise<void> {
  for (let count = 0; count < 20; count++) await Promise.resolve();
}

async function turnsUntil(condition: () => boolean): Promise<void> {
  for (let count = 0; count < 100 && !condition(); count++) await turn();
  expect(condition()).toBe(true);
}

test('says hello first, takes jobs, and answers those of one turn in one frame', async () => {
  const { frames, links, node, runner } = rig();
  await node.start();
  links[0]?.send(AttachResponse.create({ jobs: [Job.create({ id: 1 }), Job.create({ id: 2 })] }));
  await turnsUntil(() => runner.jobs.length === 2);
  runner.finish(1);
  runner.finish(2);
  await turnsUntil(() => frames.length === 2);
  expect(frames[0]?.hello).toMatchObject({ workerId: 'w1', slots: 4, weight: 2, pid: 4711 });
  expect(frames[1]?.results.map(({ id }) => id)).toEqual([1, 2]);
});

test('a result that cannot travel costs its own call the answer, and no other', async () => {
  const { frames, links, node, runner } = rig();
  await node.start();
  links[0]?.send(AttachResponse.create({ jobs: [1, 2, 3].map((id) => Job.create({ id })) }));
  await turnsUntil(() => runner.jobs.length === 3);
  const timings = { queuedUs: -1 };
  runner.finish(1);
  runner.finish(2, JobResult.fromPartial({ id: 2, timings }));
  runner.finish(3);
  const results = () => frames.flatMap((frame) => frame.results);
  await turnsUntil(() => results().length === 3);
  expect(results()).toMatchObject([
    { id: 1, outcome: undefined },
    { id: 2, workerId: 'w1', outcome: { $case: 'failure', value: { code: 'internal', component: 'worker' } } },
    { id: 3, outcome: undefined },
  ]);
});

test('what ran within a frame is answered with it, not a turn of the loop later', async () => {
  const { frames, links, node, runner } = rig();
  await node.start();
  runner.atOnce = true;
  links[0]?.send(AttachResponse.create({ jobs: [Job.create({ id: 1 }), Job.create({ id: 2 })] }));
  await microtasks();
  expect(frames.at(-1)?.results.map(({ id }) => id)).toEqual([1, 2]);
});

test('ends what waits for a function that the balancer calls idle', async () => {
  const { idleEnded, links, node } = rig();
  await node.start();
  links[0]?.send(AttachResponse.create({ idleFunctionIds: ['f_1', 'g_1'] }));
  await turnsUntil(() => idleEnded.length > 0);
  expect(idleEnded).toEqual(['f_1', 'g_1']);
});

test('keeps warm what the balancer wants warm', async () => {
  const { links, node, warmed } = rig();
  await node.start();
  links[0]?.send(AttachResponse.fromPartial({ warm: [{ functionId: 'f_1', instances: 2 }, { functionId: 'g_1' }] }));
  await turnsUntil(() => warmed.length > 0);
  expect(warmed).toEqual([
    ['f_1', 2],
    ['g_1', 0],
  ]);
});

test('sends a heartbeat every second', async () => {
  const { clock, frames, node } = rig();
  await node.start();
  clock.advance(2000);
  await turnsUntil(() => frames.length === 3);
  expect(frames.slice(1).map((frame) => frame.heartbeat)).toEqual([
    { running: 0, oldestJobMs: 12 },
    { running: 0, oldestJobMs: 12 },
  ]);
});

test('passes a cancel on, and lets a job that still waits begin with no time left', async () => {
  const { frames, links, node, runner } = rig();
  await node.start();
  links[0]?.send(AttachResponse.create({ jobs: [Job.create({ id: 3, budgetMs: 100 })] }));
  links[0]?.send(AttachResponse.create({ jobs: [Job.create({ id: 4, budgetMs: 100 })], cancelIds: [3, 4] }));
  await turnsUntil(() => runner.jobs.length === 2);
  expect(runner.cancelled).toEqual([3]);
  expect(runner.jobs.map(({ id, budgetMs }) => [id, budgetMs])).toEqual([
    [3, 100],
    [4, 0],
  ]);
  await turnsUntil(() => frames.some((frame) => frame.heartbeat));
});

test('dials again when the link is lost, stopping what nobody waits for', async () => {
  const { clock, frames, links, node, refusals, runner } = rig();
  await node.start();
  links[0]?.send(AttachResponse.create({ jobs: [Job.create({ id: 4 })] }));
  await turnsUntil(() => runner.jobs.length === 1);
  refusals.next = 3;
  links[0]?.close();
  await turnsUntil(() => runner.cancelled.length === 1);
  for (let attempt = 0; attempt < 3; attempt++) {
    await turnsUntil(() => refusals.next === 2 - attempt);
    await turn();
    clock.advance(1000);
  }
  await turnsUntil(() => frames.filter((frame) => frame.hello).length === 2);
  expect(links).toHaveLength(2);
});

test('a stop says so, waits for the balancer and for what runs, then closes', async () => {
  const { clock, frames, links, node, runner } = rig();
  await node.start();
  links[0]?.send(AttachResponse.create({ jobs: [Job.create({ id: 5 })] }));
  await turnsUntil(() => runner.jobs.length === 1);
  let stopped = false;
  const stopping = node.stop(10_000).then(() => {
    stopped = true;
  });
  await turnsUntil(() => frames.some((frame) => frame.draining));
  links[0]?.send(AttachResponse.create({ drain: true }));
  await turn();
  clock.advance(10);
  await turn();
  expect(stopped).toBe(false);
  runner.finish(5);
  clock.advance(10);
  await turn();
  clock.advance(10);
  await stopping;
  expect(frames.flatMap((frame) => frame.results.map(({ id }) => id))).toEqual([5]);
});

test('one that is told to go while it dials takes no place in the fleet', async () => {
  const { frames, links, node } = rig();
  const started = node.start();
  await Promise.all([node.stop(1000), started]);
  await turn();
  expect([links.length, frames]).toEqual([1, []]);
});

test('a drain order resolves drained once everything is answered', async () => {
  const { clock, links, node, runner } = rig();
  await node.start();
  let drained = false;
  void node.drained().then(() => {
    drained = true;
  });
  links[0]?.send(AttachResponse.create({ jobs: [Job.create({ id: 6 })], drain: true }));
  await turnsUntil(() => runner.jobs.length === 1);
  clock.advance(20);
  await turn();
  expect(drained).toBe(false);
  runner.finish(6);
  clock.advance(10);
  await turnsUntil(() => drained);
});
