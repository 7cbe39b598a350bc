// Run as a process of its own under a limit on the size of files: prints one JSON line with what happened.
// Argument: data directory.
import { randomBytes } from 'node:crypto';
import { RelaisError, silentLogger, systemClock } from '@relais/kit';
import { LevelBackend } from '../backends/level/level-backend.js';
import { FunctionStore } from '../functions/function-store.js';
import { context, redeploy } from './requests.js';

const largeBytes = 4_000_000;
const backend = new LevelBackend({ directory: process.argv[2] ?? '' });
const store = new FunctionStore({ backend, clock: systemClock, logger: silentLogger });

const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => RelaisError.from(error).fields.reason,
  );
const deploy = (name: string, source?: string) => outcome(store.createVersion(redeploy(name, source), context));
const resolve = (name: string) => outcome(store.resolveFunction({ function: name }, context));

await backend.start();
await store.start();
const outcomes = {
  before: await deploy('before'),
  tooLarge: await deploy('large', randomBytes(largeBytes).toString('latin1')),
  read: await resolve('before'),
  after: await deploy('after'),
  readLarge: await resolve('large'),
};
await store.stop(1000);
await backend.stop(1000);
console.log(JSON.stringify(outcomes));
