// The process beside a worker of WASM that runs its calls that may be long: threads, and nothing else. It goes when the worker does.

import { Socket } from 'node:net';
import { setPriority } from 'node:os';
import { systemClock } from '@relais/kit/base';
import { LocalThreads, serveThreads } from '@relais/worker/threads';
import { closeInherited } from './close-inherited.js';

/** Descriptor on which it is told what to do. */
const orderFd = 3;
/** Functions compute here. */
const niceness = 5;

closeInherited(orderFd + 1);
setPriority(niceness);
// What reaches the whole process group is not meant for it: it is the worker that says when to go.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
// Nothing but the end of this process ends a thread that does not end; its worker then makes a new start.
const threads = new LocalThreads({
  clock: systemClock,
  stuck: () => process.kill(process.pid, 'SIGKILL'),
});
serveThreads(new Socket({ fd: orderFd, readable: true, writable: true }), threads, () => process.exit(0));
