import { spawn } from 'node:child_process';
import { once } from 'node:events';

const holds = (bytes: number) =>
  `const held = Buffer.alloc(${bytes}, 1); setInterval(() => held, 1000); console.log("held");`;

/** A process that holds little itself, and a child of a thread of it that holds so many bytes. */
export async function threadWithChild(bytes: number): Promise<{ readonly pid: number; end(): void }> {
  const starts = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(holds(bytes))}], { stdio: 'inherit' })`;
  const script = `new (require('worker_threads').Worker)(${JSON.stringify(starts)}, { eval: true })`;
  const parent = spawn(process.execPath, ['-e', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const { pid } = parent;
  if (pid === undefined || !parent.stdout) throw new Error('it was not started');
  await once(parent.stdout, 'data');
  // Both are of its process group.
  return { pid, end: () => process.kill(-pid, 'SIGKILL') };
}
