import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import http from 'node:http';
import { MetricRegistry, passThroughTracer, type SpanStart } from '@relais/kit';
import { answerThat, startGateway } from '../testing/harness.js';

const route = 'relais.v1.InvocationService/InvokeStream';

/** Spans of the streams, and how many of them have ended. */
function countingTracer() {
  const counts = { started: 0, ended: 0 };
  const start = (name: string, options: SpanStart) => {
    const span = passThroughTracer.start(name, options);
    if (!name.endsWith('/InvokeStream')) return span;
    counts.started++;
    return Object.assign(span, { end: () => void counts.ended++ });
  };
  return { counts, tracer: { start } };
}

test('a stream over HTTP/1.1 that is cut while it is written to is counted, and its span ended', async () => {
  const { counts, tracer } = countingTracer();
  const harness = await startGateway({ metrics: new MetricRegistry(), tracer });
  await fetch(`${harness.url}/deploy?name=f&lang=js`, { method: 'POST', body: 'x' });
  const { promise: cut, resolve: goOn } = Promise.withResolvers<void>();
  harness.dispatch.streams.set('f', async (give) => {
    await give({ data: Buffer.from('one') });
    await cut;
    await give({ data: Buffer.from('two') });
  });
  const { promise: served, resolve: serve } = Promise.withResolvers<http.ServerResponse>();
  const began = (message: unknown) => serve((message as { response: http.ServerResponse }).response);
  diagnostics.subscribe('http.server.request.start', began);
  const headers = { 'content-type': 'application/connect+json' };
  const request = http.request(`${harness.url}/${route}`, { method: 'POST', headers });
  const message = '{"function":"f","text":""}';
  request.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), Buffer.from(message)]));
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  diagnostics.unsubscribe('http.server.request.start', began);
  await once(answer, 'data');
  answer.on('error', () => {});
  // As a reset does; the second part is written before the loop comes to tell of it.
  (await served).socket?.destroy();
  goOn();
  const counted = `relais_http_requests_total{route="${route}",status="ok"} 1`;
  const metrics = async () => (await fetch(`${harness.url}/metrics`)).text();
  await answerThat(metrics, (text) => text.includes(counted));
  expect(counts).toEqual({ started: 1, ended: 1 });
  await harness.gateway.stop(0);
}, 20_000);
