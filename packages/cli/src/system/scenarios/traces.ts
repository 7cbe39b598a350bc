import { Client } from '../client.js';
import { OtlpReceiver, type ReceivedSpan } from '../otlp-receiver.js';
import { type Platform, removeData, type Topology } from '../topology.js';
import { eventually } from '../wait.js';

const traceId = 'abcdef0123456789abcdef0123456789';
const callerSpan = '0123456789abcdef';

export function traceScenarios(topology: Topology): void {
  describe('traces', () => {
    const receiver = new OtlpReceiver();
    let platform: Platform;

    beforeAll(async () => {
      platform = await topology.start({ otlpUrl: await receiver.start() });
    }, 60_000);

    afterAll(async () => {
      await platform.stop();
      await receiver.stop();
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
      const scopes = ['balancer', 'gateway', 'runtime', 'worker'];
      await eventually('spans of every hop arrive', async () => scopes.every((scope) => hasScope(ours(), scope)));
      const known = new Set([callerSpan, ...ours().map((span) => span.spanId)]);
      expect(ours().filter((span) => !known.has(span.parentSpanId))).toEqual([]);
      expect(ours().filter((span) => span.parentSpanId === callerSpan)).toHaveLength(1);
      // The first call of a version was cold, and the trace says by what.
      expect(ours().map((span) => span.name)).toEqual(expect.arrayContaining(['worker fetch', 'balancer queue']));
    });
  });
}

function hasScope(spans: readonly ReceivedSpan[], scope: string): boolean {
  return spans.some((span) => span.scope === scope);
}
