// Ends the compiler process when its parent is gone, even while a compile holds the main thread.
import { workerData } from 'node:worker_threads';

const periodMs = 1000;

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, periodMs);
