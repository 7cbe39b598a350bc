import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * Starts a server as a child and waits for the line that names its URL. `stop` ends it with SIGTERM and waits.
 */
export async function startTarget(name, args, { timeoutMs = 60_000 } = {}) {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} was not ready within ${timeoutMs} ms`)), timeoutMs);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /ready (http:\/\/\S+)/.exec(line);
      if (!found) return;
      clearTimeout(timer);
      resolve(new URL(found[1]));
    });
    void exited.then((code) => reject(new Error(`${name} ended with code ${code} before it was ready`)));
  });
  return {
    name,
    pid: child.pid,
    host: url.hostname,
    port: Number(url.port),
    url: url.origin,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The yardstick, which works for so many microseconds on each request. */
export function startEcho(workUs = 0) {
  return startTarget('echo', [join(import.meta.dirname, 'echo-server.mjs'), String(workUs)]);
}
