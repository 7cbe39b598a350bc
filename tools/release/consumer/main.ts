// A user's program: installs the packed SDK, deploys, invokes, and gathers a typed error of each kind it can provoke.
import { type FunctionInfo, type Invocation, Relais, RelaisError } from '@relais/sdk';
import type { Context, Handler, HttpResponse } from '@relais/sdk/function';

const [url = '', nobody = '', lockedUrl = '', adminKey = ''] = process.argv.slice(2);
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

async function failureOf(call: () => Promise<unknown>): Promise<{ code: string; reason: string; fault: string }> {
  try {
    await call();
  } catch (thrown) {
    if (!RelaisError.is(thrown)) throw thrown;
    const { code, reason, fault } = thrown;
    return { code, reason, fault };
  }
  throw new Error('the call succeeded');
}

const deployed = await relais.deploy({ name, source, filename: 'consumer.js', config: { timeoutMs: 1_000 } });
const version: FunctionInfo = deployed.function;
const answer: Invocation<{ readonly sum: number }> = await relais.invoke(name, { a: 2, b: 3 });
const text = await relais.invoke<string>(name, 'not JSON');
const listed = await relais.functions.listFunctions({});
const languages = await relais.functions.listLanguages({});
const status = await relais.cluster.getStatus({});

const gaveUp = new AbortController();
const aborted = failureOf(() => relais.invoke(name, { sleepMs: 900 }, { signal: gaveUp.signal }));
setTimeout(() => gaveUp.abort(), 50);

const admin = new Relais({ url: lockedUrl, key: adminKey });
const { key = '' } = await admin.keys.createKey({ name: 'reader', scopes: ['read'] });
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
  failed: await failureOf(() => relais.invoke(name, { fail: true })),
  overflow: await failureOf(() => relais.invoke(name, { loud: 7 * 1024 * 1024 })),
  timeout: await failureOf(() => relais.invoke(name, { sleepMs: 10_000 })),
  clientDeadline: await failureOf(() => relais.invoke(name, { sleepMs: 900 }, { timeoutMs: 50 })),
  aborted: await aborted,
  unreachable: await failureOf(() => new Relais({ url: nobody }).cluster.getStatus({})),
};
const { versionsDeleted } = await relais.functions.deleteFunction({ name });

console.log(
  JSON.stringify({
    version: version.version,
    sum: answer.output.sum,
    logs: answer.logs,
    text: text.output,
    listed: listed.functions.map((one) => one.name),
    js: languages.languages.some((language) => language.lang === 'js' && language.available),
    workers: status.workersReady > 0,
    failures,
    versionsDeleted,
  }),
);
