import { closeSync, readdirSync, readFileSync } from 'node:fs';

const closeOnExec = 0o2000000;

/**
 * Closes the descriptors from a number on that whoever started this process had open and nobody meant to hand on: the files
 * of the database, those of a shell. What node opens itself is left: it is marked as ending at an exec.
 */
export function closeInherited(from: number): void {
  for (const fd of readdirSync('/proc/self/fd').map(Number)) {
    if (fd >= from && isHandedOn(fd)) closeSync(fd);
  }
}

function isHandedOn(fd: number): boolean {
  try {
    const [, flags = ''] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
    return (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    // That of the listing itself.
    return false;
  }
}
