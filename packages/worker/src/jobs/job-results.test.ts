import { JobResult } from '@relais/contracts';
import { nothingLoaded, resultOf } from './job-results.js';

const outcome = {
  result: { ok: true as const, output: Buffer.alloc(0) },
  logs: '',
  logsTruncated: false,
  coldUs: 0,
  runUs: 0,
};

test.each([
  ['more of it initialisation than cold', { coldUs: 10, initUs: 25.4 }, { startUs: 0, initUs: 25, coldUs: 25 }],
  ['negative', { coldUs: -3, initUs: -1, runUs: -0.6 }, { startUs: 0, initUs: 0, coldUs: 0, runUs: 0 }],
  ['not a number', { runUs: Number.NaN }, { runUs: 0 }],
  ['longer than an hour', { runUs: 5e9 }, { runUs: 2 ** 32 - 1 }],
])('times that the wire could not carry are told as near as it can: %s', (_, times, told) => {
  const result = resultOf({ ...outcome, ...times }, nothingLoaded, false);
  expect(JobResult.decode(JobResult.encode(result).finish()).timings).toMatchObject(told);
});
