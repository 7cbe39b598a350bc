import { connect } from 'node:net';

const headEnd = Buffer.from('\r\n\r\n');

/**
 * Sends one prepared request over and over on `connections` keep-alive connections, one at a time on each, for
 * `durationMs`. Bare sockets, so that the client costs little beside what it measures. Resolves with the latencies in
 * milliseconds; rejects on the first answer that is not 2xx or on a broken connection.
 */
export async function closedLoop({ host, port, request, connections, durationMs }) {
  const latenciesMs = [];
  const startMs = performance.now();
  const endMs = startMs + durationMs;
  await Promise.all(
    Array.from({ length: connections }, () => oneConnection({ host, port, request, endMs, latenciesMs })),
  );
  return { latenciesMs, elapsedMs: performance.now() - startMs };
}

/** The bytes of a POST with a body. */
export function postRequest(path, body) {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

function oneConnection({ host, port, request, endMs, latenciesMs }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    let pending = Buffer.alloc(0);
    let sentMs = 0;
    const send = () => {
      sentMs = performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () =>
      performance.now() < endMs ? reject(new Error('the server closed a connection')) : resolve(),
    );
    socket.on('data', (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const answer = completeAnswer(pending);
      if (!answer) return;
      pending = pending.subarray(answer.bytes);
      if (answer.status < 200 || answer.status > 299) {
        socket.destroy(new Error(`answered ${answer.status}: ${answer.text}`));
        return;
      }
      const nowMs = performance.now();
      latenciesMs.push(nowMs - sentMs);
      if (nowMs < endMs) send();
      else socket.end();
    });
  });
}

function completeAnswer(bytes) {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return undefined;
  const head = bytes.latin1Slice(0, end);
  const bodyBytes = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  const total = end + headEnd.length + bodyBytes;
  if (bytes.length < total) return undefined;
  return { bytes: total, status: Number(head.slice(9, 12)), text: bytes.latin1Slice(end + headEnd.length, total) };
}
