// The classic way: a process per request, payload on its standard input, answer from its standard output.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

const [program] = process.argv.slice(2);

const server = createServer((request, response) => {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'ignore'] });
  const chunks = [];
  child.stdin.on('error', () => {});
  request.pipe(child.stdin);
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.once('close', (code) => {
    response.statusCode = code === 0 ? 200 : 502;
    response.end(Buffer.concat(chunks));
  });
});
server.listen(0, '127.0.0.1', () => console.log(`spawn ready http://127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit(0)).resume();
