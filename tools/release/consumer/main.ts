// A user's program: installs the packed SDK, deploys, invokes, streams, and gathers a typed error of each class.
import {
  type FunctionInfo,
  type Invocation,
  type JsonValue,
  Relais,
  RelaisError,
  type StreamEvent,
  type WorkerInfo,
} from '@relais/sdk';
import type { Context, Handler, HttpResponse } from '@relais/sdk/function';

const [url = '', nobody = '', lockedUrl = '', adminKey = '', damagedUrl = ''] = process.argv.slice(2);
const relais = new Relais({ url, retry: { attemptsMax: 2 } });

// Never called: what a function's author writes must compile.
export const handler: Handler<{ readonly name: string }, HttpResponse> = async (event, context: Context) => {
  context.logger.info(event.name, context.http?.method, context.getRemainingTimeMs());
  return { statusCode: 201, headers: { 'x-name': event.name }, body: { hello: event.name } };
};

const source = `export default async function (event) {
  console.log('called');
  if (event?.fail) throw new Error('as asked');
  if (event?.loud) return 'x'.repeat(event.loud);
  if (event?.sleepMs) await new Promise((resolve) => setTimeout(resolve, event.sleepMs));
  return event?.a === undefined ? 'text' : { sum: event.a + event.b };
}`;
const name = 'consumer';

interface Told {
  readonly code: string;
  readonly reason: string;
  readonly fault: string;
  /** Which typed facts the failure carries beside. */
  readonly facts: readonly string[];
}

async function failureOf(call: () => Promise<unknown>): Promise<Told> {
  try {
    await call();
  } catch (thrown) {
    if (!RelaisError.is(thrown)) throw thrown;
    const { code, diagnostics, exit, fault, limit, reason, retryAfterMs, timings } = thrown;
    const known = { exit, limit, retryAfterMs, timings, diagnostics: diagnostics.length > 0 || undefined };
    const facts = Object.entries(known).flatMap(([fact, value]) => (value === undefined ? [] : [fact]));
    return { code, reason, fault, facts };
  }
  throw new Error('the call succeeded');
}

/** Reads a stream to its end. */
async function streamed(reference: string, payload: JsonValue): Promise<readonly (string | StreamEvent<string>)[]> {
  const events: (string | StreamEvent<string>)[] = [];
  for await (const event of relais.stream<string>(reference, payload)) {
    events.push(event.kind === 'chunk' ? event.output : event.kind);
  }
  return events;
}

/** Reads a stream whose worker is killed once it has begun. */
async function readOfKilled(): Promise<void> {
  for await (const event of relais.stream('patient')) {
    if (event.kind === 'end') return;
    const { workers } = await relais.cluster.listWorkers({});
    for (const { pid, running } of workers satisfies WorkerInfo[]) if (running > 0) process.kill(pid, 'SIGKILL');
  }
}

const deployed = await relais.deploy({ name, source, filename: 'consumer.js', config: { timeoutMs: 1_000 } });
const version: FunctionInfo = deployed.function;
const answer: Invocation<{ readonly sum: number }> = await relais.invoke(name, { a: 2, b: 3 });
const text = await relais.invoke<string>(name, 'not JSON');
const steps = `export default function* ({ parts, fail }) {
  for (let part = 1; part <= parts; part++) yield 'part ' + part;
  if (fail) throw new Error('after its parts');
}`;
await relais.deploy({ name: 'steps', source: steps, lang: 'js' });
const parts = await streamed('steps', { parts: 3 });
// Leaving the loop gives the call up: this one would never end.
for await (const event of relais.stream('steps', { parts: 1e9 })) if (event.kind === 'chunk') break;
const patient = `export default async function* () {
  yield 'begun';
  await new Promise((resolve) => setTimeout(resolve, 20_000));
}`;
await relais.deploy({ name: 'patient', source: patient, lang: 'js' });
const listed = await relais.functions.listFunctions({});
const languages = await relais.functions.listLanguages({});
const status = await relais.cluster.getStatus({});

const gaveUp = new AbortController();
const aborted = failureOf(() => relais.invoke(name, { sleepMs: 900 }, { signal: gaveUp.signal }));
setTimeout(() => gaveUp.abort(), 50);

const admin = new Relais({ url: lockedUrl, key: adminKey });
const { key = '' } = await admin.keys.createKey({ name: 'reader', scopes: ['read'] });
const { key: slow = '' } = await admin.keys.createKey({ name: 'slow', scopes: ['read'], ratePerS: 1, burst: 1 });
const hurried = new Relais({ url: lockedUrl, key: slow, retry: false });
await hurried.functions.listFunctions({});
const needy = { name: 'needy', source, lang: 'js', config: { secrets: ['ABSENT'] } };

const failures = {
  noKey: await failureOf(() => new Relais({ url: lockedUrl }).functions.listFunctions({})),
  noRight: await failureOf(() => new Relais({ url: lockedUrl, key }).keys.listKeys({})),
  noSecret: await failureOf(() => relais.deploy(needy)),
  badName: await failureOf(() => relais.deploy({ name: '../x', source: '', lang: 'js' })),
  compile: await failureOf(() => relais.deploy({ name: 'broken', source: 'export default (', lang: 'js' })),
  absent: await failureOf(() => relais.invoke('nobody')),
  taken: await failureOf(() => relais.deploy({ name, source, lang: 'js' })),
  tooLarge: await failureOf(() => relais.invoke(name, new Uint8Array(7 * 1024 * 1024))),
  tooMany: await failureOf(() => hurried.functions.listFunctions({})),
  failed: await failureOf(() => relais.invoke(name, { fail: true })),
  overflow: await failureOf(() => relais.invoke(name, { loud: 7 * 1024 * 1024 })),
  failedInStream: await failureOf(() => streamed('steps', { parts: 2, fail: true })),
  timeout: await failureOf(() => relais.invoke(name, { sleepMs: 10_000 })),
  clientDeadline: await failureOf(() => relais.invoke(name, { sleepMs: 900 }, { timeoutMs: 50 })),
  aborted: await aborted,
  workerLost: await failureOf(readOfKilled),
  damagedStorage: await failureOf(() => new Relais({ url: damagedUrl }).functions.getFunction({ function: 'damaged' })),
  unreachable: await failureOf(() => new Relais({ url: nobody }).cluster.getStatus({})),
};
const { versionsDeleted } = await relais.functions.deleteFunction({ name });

console.log(
  JSON.stringify({
    version: version.version,
    sum: answer.output.sum,
    logs: answer.logs,
    text: text.output,
    parts,
    listed: listed.functions.map((one) => one.name),
    js: languages.languages.some((language) => language.lang === 'js' && language.available),
    workers: status.workersReady > 0,
    failures,
    versionsDeleted,
  }),
);
