// Runs in a thread: sends its share of every phase and reports once a second.
import { parentPort, workerData } from 'node:worker_threads';
import { seededRandoms } from '../plan/seeded-random.js';
import { Caller } from '../run/caller.js';
import { closedLoop } from '../run/closed-loop.js';
import { openLoop } from '../run/open-loop.js';
import { Recorder } from '../run/recorder.js';
import type { BeginPhase, ThreadMessage, ThreadTask } from './messages.js';

const { plan, share, shares }: ThreadTask = workerData;
const nextRandom = seededRandoms(plan.seed * 1009 + share);
const caller = new Caller(plan, nextRandom());
// How much is drawn for calls depends on how fast they are answered; arrivals and later phases must not.
const randoms = plan.phases.map(() => ({ arrivals: nextRandom(), mix: nextRandom() }));

function say(message: ThreadMessage): void {
  parentPort?.postMessage(message);
}

async function run({ phase: index }: BeginPhase): Promise<void> {
  const phase = plan.phases[index];
  const random = randoms[index];
  if (!phase || !random) return;
  caller.mixBy(random.mix);
  const recorder = new Recorder(plan.targets.length, performance.now());
  const busyBefore = performance.eventLoopUtilization();
  const ticker = setInterval(() => say({ type: 'second', report: recorder.takeSecond(performance.now()) }), 1000);
  if (phase.loop === 'closed') await closedLoop(phase, share, shares, caller, recorder);
  else {
    const { connectionsMax } = plan;
    await openLoop({ phase, share, shares, caller, recorder, random: random.arrivals, connectionsMax });
  }
  clearInterval(ticker);
  const endMs = performance.now();
  // What came since the last full second.
  say({ type: 'second', report: recorder.takeSecond(endMs + 500) });
  say({ type: 'done', report: recorder.finish(endMs, performance.eventLoopUtilization(busyBefore).utilization) });
}

parentPort?.on('message', (message: BeginPhase) => void run(message));
say({ type: 'ready' });
