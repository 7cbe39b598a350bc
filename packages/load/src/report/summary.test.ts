import { checkPlan } from '../plan/plan.js';
import { Recorder } from '../run/recorder.js';
import { summarise } from './summary.js';

const plan = checkPlan({
  url: 'http://127.0.0.1:8080',
  targets: [{ function: 'hello' }],
  phases: [{ loop: 'open', ratePerSecond: 10, seconds: 1 }],
  budget: { errorRatioMax: 0.5 },
});

function errorRatioOf(well: number, failed: number, unsent: number) {
  const recorder = new Recorder(1, 0);
  const times = { target: 0, intendedMs: 0, sentMs: 0, doneMs: 1, traceId: '', sampled: false };
  for (let call = 0; call < well; call++) recorder.record({ ...times, failure: '' });
  for (let call = 0; call < failed; call++) recorder.record({ ...times, failure: 'aborted' });
  for (let call = 0; call < unsent; call++) recorder.unsent();
  const phases = plan.phases.map((phase) => ({ phase, threads: [recorder.finish(1000, 0)], seconds: [] }));
  const [verdict] = summarise(plan, phases).verdicts;
  return [verdict?.actual, verdict?.holds];
}

test.each<[what: string, counts: [well: number, failed: number, unsent: number], judged: [number, boolean]]>([
  ['failed calls', [6, 2, 0], [0.25, true]],
  ['calls that were never sent as if they had failed', [3, 1, 4], [0.625, false]],
  ['a phase without a call as one in which all failed', [0, 0, 0], [1, false]],
])('the error ratio counts %s', (_what, counts, judged) => {
  expect(errorRatioOf(...counts)).toEqual(judged);
});
