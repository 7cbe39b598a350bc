import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { RelaisError } from '../../errors/relais-error.js';

/**
 * Makes room for a socket: its directory, 0700 when it is new, and no socket of a process that is gone. Rejects with
 * failed_precondition when something else is there: a server that still listens, or a file that is no socket.
 */
export async function prepareSocketFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const found = await lstat(path).catch(() => undefined);
  if (!found) return;
  if (!found.isSocket()) {
    throw occupied(`${path} exists and is no socket; remove it or choose another path.`);
  }
  if (await someoneListens(path)) {
    throw occupied(`Another process already listens on ${path}; stop it or choose another path.`);
  }
  await rm(path, { force: true });
}

/** Only the owner may connect. */
export async function protectSocketFile(path: string): Promise<void> {
  await chmod(path, 0o600);
}

function someoneListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function occupied(message: string): RelaisError {
  return new RelaisError('failed_precondition', message, { reason: 'address_in_use' });
}
