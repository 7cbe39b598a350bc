// Run as a process of its own: deploys and deletes until it is killed, saying on standard output what it begins and what
// was acknowledged. Arguments: data directory, seed.
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { silentLogger, systemClock } from '@relais/kit';
import { LevelBackend } from '../backends/level/level-backend.js';
import { FunctionStore } from '../functions/function-store.js';
import { seededRandom } from './random.js';
import { context, redeploy } from './requests.js';

const sourceBytesMax = 100_000;
const [, , directory = '', seed = '0'] = process.argv;
const backend = new LevelBackend({ directory });
const store = new FunctionStore({ backend, clock: systemClock, logger: silentLogger });
const random = seededRandom(Number(seed));
const say = (...words: (string | undefined)[]) => writeSync(1, `${words.join(' ')}\n`);

async function deploy(name: string): Promise<void> {
  say('deploying', name);
  const source = randomBytes(random(sourceBytesMax)).toString('base64');
  const { version } = await store.createVersion(redeploy(name, source), context);
  say('deployed', name, version?.id, version?.sourceDigest);
}

async function keep(name: string): Promise<never> {
  for (;;) await deploy(name);
}

async function comeAndGo(name: string): Promise<never> {
  for (;;) {
    await deploy(name);
    say('deleting', name);
    await store.deleteFunction({ name }, context);
    say('deleted', name);
  }
}

await backend.start();
await store.start();
// What a killed round left of it is not known; begin from nothing.
await store.deleteFunction({ name: 'guest' }, context).catch(() => {});
await Promise.all([keep('first'), keep('second'), keep('third'), comeAndGo('guest')]);
