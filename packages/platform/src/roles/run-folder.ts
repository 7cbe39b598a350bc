import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Component, randomHex } from '@relais/kit';
import { removeTree } from '@relais/worker';

const prefix = 'relais-run-';

/**
 * This process's private folder for what lives no longer than it does: the socket of the worker door, scratch directories.
 * Start also takes away folders whose process was killed and could not.
 */
export class RunFolder implements Component {
  readonly name = 'run folder';
  readonly path = join(tmpdir(), `${prefix}${process.pid}-${randomHex(4)}`);

  async start(): Promise<void> {
    for (const name of readdirSync(tmpdir())) {
      const pid = /^relais-run-(\d+)-[0-9a-f]{8}$/.exec(name)?.[1];
      if (pid && !existsSync(`/proc/${pid}`)) removeTree(join(tmpdir(), name));
    }
    mkdirSync(this.path, { mode: 0o700 });
  }

  async stop(): Promise<void> {
    removeTree(this.path);
  }
}
