import { newTraceparent, silentLogger, startTelemetry, traceIdOf } from '@relais/kit';
import { Client } from '../client.js';
import { OtlpReceiver, type ReceivedSpan } from '../otlp-receiver.js';
import { cpuTicks, loopingTicks } from '../role-process.js';
import { toolchains } from '../toolchains.js';
import { type Platform, removeData, type Topology } from '../topology.js';
import { eventually } from '../wait.js';

const traceId = 'abcdef0123456789abcdef0123456789';
const callerSpan = '0123456789abcdef';
/** So short that the balancer does not take its function for a long one. */
const shortUs = 5000;

export function traceScenarios(topology: Topology): void {
  describe('traces', () => {
    const receiver = new OtlpReceiver();
    let platform: Platform;

    beforeAll(async () => {
      platform = await topology.start({ otlpUrl: await receiver.start() });
    }, 120_000);

    afterAll(async () => {
      await receiver.stop();
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    test('one invocation is one connected trace over gateway, balancer, worker and runtime', async () => {
      const client = new Client(platform.url);
      await client.deploy('traced', 'js', 'export default (event, context) => context.traceparent');
      const invoked = await client.send('POST', '/invoke?fn=traced', '{}', {
        traceparent: `00-${traceId}-${callerSpan}-01`,
      });
      expect(invoked.body).toMatchObject({ ok: true, output: expect.stringContaining(traceId) });
      expect(invoked.headers.get('traceparent')).toContain(traceId);

      const ours = () => receiver.spans.filter((span) => span.traceId === traceId);
      const scopes = ['balancer', 'gateway', 'runtime', 'storage', 'worker'];
      await eventually('spans of every hop arrive', async () => scopes.every((scope) => hasScope(ours(), scope)));
      const { body } = await client.send('GET', `/traces/${traceId}`);
      const kept = (body.spans as Linked[]).map(({ name }) => name).sort();
      await eventually('all that is kept arrives', async () => ours().length >= kept.length);
      const known = new Set([callerSpan, ...ours().map((span) => span.spanId)]);
      expect(ours().filter((span) => !known.has(span.parentSpanId))).toEqual([]);
      expect(ours().filter((span) => span.parentSpanId === callerSpan)).toHaveLength(1);
      // The first call of a version was cold, and the trace says by what.
      const names = ['worker fetch', 'balancer queue', 'runtime start', 'runtime run'];
      expect(ours().map((span) => span.name)).toEqual(expect.arrayContaining(names));
      // The gateway looked the function up, and the worker fetched it.
      const asked = (scope: string) => ours().filter((span) => span.scope === scope);
      const parents = ['gateway', 'balancer'].map((scope) => asked(scope).map(({ spanId }) => spanId));
      const found = asked('storage').map(({ name, parentSpanId }) => [
        name,
        parents.findIndex((ids) => ids.includes(parentSpanId)),
      ]);
      expect(found.sort()).toEqual([
        ['storage getVersion', 1],
        ['storage resolveFunction', 0],
      ]);
      // All of it is in the built-in store too.
      const sent = ours().map(({ name }) => name);
      expect(kept).toEqual(sent.sort());
    });

    test('200 calls of several languages are 200 connected traces, at the collector and in the store', async () => {
      const client = new Client(platform.url);
      await client.deployExample('traced-c', 'c', 'hello.c');
      const timed = Object.entries(timedSources).filter(([lang]) => lang !== 'php' || hasPhp);
      for (const [lang, source] of timed) await client.deploy(`timed-${lang}`, lang, source);
      await client.deploy('traced-bad', 'js', 'export default () => { throw new Error("no") }');
      const functions = ['traced', 'traced-c', 'traced-bad', 'traced-none', ...timed.map(([lang]) => `timed-${lang}`)];
      const calledBy = new Map<string, string>();
      const ids = Array.from({ length: 200 }, (_, index) => `e${(index + 1).toString(16).padStart(31, '0')}`);
      let next = 0;
      const caller = async () => {
        for (let index = next++; index < ids.length; index = next++) {
          const fn = functions[index % functions.length] ?? '';
          calledBy.set(ids[index] ?? '', fn);
          const traceparent = `00-${ids[index]}-${callerSpan}-01`;
          const { headers } = await client.send('POST', `/invoke?fn=${fn}`, '{}', { traceparent, tracestate: 'a=b' });
          expect(headers.get('traceparent')).toContain(ids[index]);
        }
      };
      await Promise.all(Array.from({ length: 8 }, caller));
      const byTrace = () => Map.groupBy(receiver.spans, (span) => span.traceId);
      const isWhole = (spans: readonly Linked[] = []) => rootsOf(spans).length === 1 && spans.some(isOfGateway);
      await eventually('every trace is whole', async () => ids.every((id) => isWhole(byTrace().get(id))));
      for (const id of ids) {
        const { body } = await client.send('GET', `/traces/${id}`);
        const kept = body.spans as Linked[];
        expect(rootsOf(kept).map(({ parentSpanId }) => parentSpanId)).toEqual([callerSpan]);
        const own = kept.filter(({ scope }) => scope === 'function').map(({ name }) => name);
        expect(own.sort()).toEqual(calledBy.get(id)?.startsWith('timed-') ? ['inner', 'outer'] : []);
        // What came with an answer is handed on after it, so it can be in a later batch than the gateway's own.
        const kinds = (spans: readonly Linked[]) => spans.map(({ name, spanId }) => `${name} ${spanId}`).sort();
        const arrived = () => kinds(byTrace().get(id) ?? []);
        await eventually('they are at the collector', async () => arrived().length >= kept.length);
        expect(arrived()).toEqual(kinds(kept));
      }
    }, 120_000);

    test('what an OpenTelemetry exporter sends joins the trace of the call it is about', async () => {
      const exporter = { kind: 'otlp-http', url: platform.url } as const;
      const common = { version: '1', sampleRatio: 1, logger: silentLogger };
      const shop = await startTelemetry({ ...common, serviceName: 'shop', exporter });
      const checkout = shop.tracer('shop').start('checkout', { kind: 'client' });
      const { traceparent } = checkout;
      await new Client(platform.url).send('POST', '/invoke?fn=traced', '{}', { traceparent });
      checkout.end();
      await shop.shutdown();
      const id = traceIdOf(traceparent);
      const { body } = await new Client(platform.url).send('GET', `/traces/${id}`);
      const [root, ...others] = rootsOf(body.spans as Linked[]);
      expect([root, others]).toEqual([
        expect.objectContaining({ name: 'checkout', scope: 'user', service: 'shop' }),
        [],
      ]);
      const arrived = () => receiver.spans.filter((span) => span.traceId === id);
      await eventually('it is at the collector too', async () => arrived().some(({ name }) => name === 'checkout'));
      expect(rootsOf(arrived()).map(({ name }) => name)).toEqual(['checkout']);
    }, 30_000);

    test('the trace of a call whose worker is killed stays whole and says where it failed', async () => {
      const client = new Client(platform.url);
      const source = `#include <unistd.h>
int main(void) { char c = 0; read(0, &c, 1); for (volatile int n = 0; c == 'l'; ) n++; }`;
      await client.deploy('traced-kill', 'c', source, '&timeoutMs=30000');
      await eventually('it is known to be short, and runs in the worker’s own process', async () => {
        const traceparent = newTraceparent(true);
        await client.send('POST', '/invoke?fn=traced-kill', '-', { traceparent });
        const { body } = await client.send('GET', `/traces/${traceIdOf(traceparent)}`);
        const spans = (body.spans as Attributed[] | undefined) ?? [];
        const { attributes } = spans.find(({ name }) => name === 'runtime c') ?? {};
        return attributes?.['relais.wasm.instance'] !== 'thread' && Number(attributes?.['relais.run_us']) < shortUs;
      });
      const id = 'c'.repeat(32);
      const invoked = client.send('POST', '/invoke?fn=traced-kill', 'l', { traceparent: `00-${id}-${callerSpan}-01` });
      let pid = 0;
      let ticksBefore = 0;
      await eventually('a worker has begun it', async () => {
        const { body } = await client.connect('ClusterService/ListWorkers', {});
        const workers = (body.workers as { pid: number; running?: number }[] | undefined) ?? [];
        const busy = workers.find(({ running = 0 }) => running > 0)?.pid ?? 0;
        if (busy === pid && pid > 0) return cpuTicks(pid) - ticksBefore > loopingTicks;
        pid = busy;
        ticksBefore = busy > 0 ? cpuTicks(busy) : 0;
        return false;
      });
      process.kill(pid, 'SIGKILL');
      expect((await invoked).body).toMatchObject({
        error: { code: 'unavailable', reason: 'worker_lost', traceId: id },
      });
      const { body } = await client.send('GET', `/traces/${id}`);
      const kept = body.spans as Attributed[];
      expect(rootsOf(kept).map(({ parentSpanId }) => parentSpanId)).toEqual([callerSpan]);
      const failed = kept.filter((span) => span.failed).map((span) => [span.name, span.attributes['relais.reason']]);
      expect(failed.sort()).toEqual([
        ['POST /invoke', 'worker_lost'],
        ['balancer dispatch', 'worker_lost'],
      ]);
      const sent = () => receiver.spans.filter(({ traceId }) => traceId === id);
      await eventually('the same is at the collector', async () => sent().length === kept.length);
      await eventually('the fleet is whole again', async () => {
        const workers = (await client.connect('ClusterService/ListWorkers', {})).body.workers as { pid: number }[];
        return workers.length >= platform.workers && workers.every((worker) => worker.pid !== pid);
      });
    }, 60_000);

    test('a call that fails is kept although its caller does not sample, and found by its invocation', async () => {
      const client = new Client(platform.url);
      await client.deploy('untraced', 'js', 'export default () => { throw new Error("no") }');
      const traceparent = `00-${'d'.repeat(32)}-${callerSpan}-00`;
      const { headers } = await client.send('POST', '/invoke?fn=untraced', '{}', { traceparent });
      const invocationId = headers.get('x-relais-invocation-id') ?? '';
      const { body } = await client.send('GET', `/traces/${invocationId}`);
      expect(body).toMatchObject({ ok: true, traceId: 'd'.repeat(32) });
      const names = (body.spans as Linked[]).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['POST /invoke', 'runtime run']));
      const listed = await client.connect('TraceService/ListTraces', { function: 'untraced', failedOnly: true });
      expect(listed.body.traces).toEqual([
        expect.objectContaining({ invocationId, function: 'untraced', failed: true }),
      ]);
      const got = await client.connect('TraceService/GetTrace', { id: invocationId });
      expect(got.body).toMatchObject({ traceId: 'd'.repeat(32), trace: { spans: expect.anything() } });
    });
  });
}

/** Handlers that time two of their parts, one within the other. */
const timedSources = {
  js: `export default (event, { span }) => span('outer', () => span('inner', async () => 'done', { step: 1 }))`,
  ts: `export default (event: unknown, { span }: any) => span('outer', () => span('inner', async () => 'done'))`,
  python: `def handler(event, context):
    with context.span('outer'):
        with context.span('inner', {'step': 1}):
            return 'done'`,
  php: `<?php function handler($event, $context) {
    return $context->span('outer', fn () => $context->span('inner', fn () => 'done', ['step' => 1]));
}`,
};
const hasPhp = toolchains.some(({ lang, present }) => lang === 'php' && present);

interface Linked {
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly scope: string;
}

interface Attributed extends Linked {
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Spans whose parent is none of them. */
function rootsOf(spans: readonly Linked[]): Linked[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentSpanId }) => !known.has(parentSpanId));
}

function isOfGateway({ scope }: Linked): boolean {
  return scope === 'gateway';
}

function hasScope(spans: readonly ReceivedSpan[], scope: string): boolean {
  return spans.some((span) => span.scope === scope);
}
