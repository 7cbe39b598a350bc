// Leads what comes to a port of loopback to the socket behind which the network is. On a thread of its own, since the
// function may keep the loop of the process busy while it waits for a program that it has started.

import { connect, createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { port, socket: path } = workerData;

function lead(inner) {
  const outer = connect({ path, allowHalfOpen: true });
  for (const [from, to] of [
    [inner, outer],
    [outer, inner],
  ]) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.once('close', () => to.destroy());
  }
}

const server = createServer({ allowHalfOpen: true }, lead);
server.listen(port, '127.0.0.1', () => parentPort.postMessage('listening'));
