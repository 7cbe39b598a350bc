/** Kills all of a process group at once, in whatever namespaces they are. Never throws. */
export function killProcessGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // No such group: it is dead already.
  }
}
