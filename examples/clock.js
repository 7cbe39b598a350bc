// Server-Sent Events made by the function itself: a tick every `everyMs`, `count` of them.
//   curl -X POST 'http://127.0.0.1:8080/deploy?name=clock&lang=js' --data-binary @examples/clock.js
//   curl -N 'http://127.0.0.1:8080/fn/clock?count=5&everyMs=200'
//   new EventSource('http://127.0.0.1:8080/fn/clock').onmessage = (event) => console.log(event.data);
import { setTimeout as sleep } from 'node:timers/promises';

async function* ticks(count, everyMs) {
  for (let tick = 1; tick <= count; tick++) {
    yield `id: ${tick}\ndata: ${JSON.stringify({ tick, at: new Date().toISOString() })}\n\n`;
    if (tick < count) await sleep(everyMs);
  }
}

export const handler = (_event, { http }) => {
  const query = new URLSearchParams(http?.query);
  const count = Math.min(Number(query.get('count') ?? 10), 1000);
  const everyMs = Number(query.get('everyMs') ?? 1000);
  return { statusCode: 200, headers: { 'content-type': 'text/event-stream' }, body: ticks(count, everyMs) };
};
