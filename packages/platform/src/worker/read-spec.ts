import type { Readable } from 'node:stream';
import type { WorkerSpec } from '../supervisor/worker-spec.js';

const specBytesMax = 64 * 1024;

/**
 * Reads the one line of JSON a supervisor writes, then watches the stream: its end means that the supervisor is gone.
 * Rejects when the line is too long or the stream ends before it.
 */
export function readSpec(input: Readable, onSupervisorGone: () => void): Promise<WorkerSpec> {
  return new Promise((resolve, reject) => {
    let text = '';
    let known = false;
    input.setEncoding('utf8');
    input.on('data', (chunk: string) => {
      if (known) return;
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0 && text.length > specBytesMax) reject(new Error('the worker spec is too long'));
      if (end < 0) return;
      known = true;
      resolve(JSON.parse(text.slice(0, end)));
    });
    input.on('end', () => {
      if (known) onSupervisorGone();
      else reject(new Error('no worker spec came: a worker is started by its supervisor, not by hand'));
    });
  });
}
