// The yardstick: bare node:http that reads a body and answers JSON of the same size as the platform's answer; after so many
// microseconds of work as the first argument says.
import { createServer } from 'node:http';

const answer =
  '{"ok":true,"output":"Hello from FAAS!\\n","invocationId":"00000000000000000000000000000000","durationMs":0.123}';

const workMs = Number(process.argv[2] ?? 0) / 1000;

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    Buffer.concat(chunks);
    if (workMs > 0) for (const endMs = performance.now() + workMs; performance.now() < endMs; );
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`echo ready http://127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit(0)).resume();
