import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { version1 } from './group-files.js';
import { moveProcesses } from './move-processes.js';

/** Eight times what the kernel gives a group, and so a session, by default. */
const weight = '8192';

/**
 * A group of version 1 for a process of the platform that runs no code of others, and for what it starts from here on: beside the groups
 * of functions, and before them. Else it has its part of what the session has, and whatever that used lately, a client on this machine
 * say, counts against it: what hands calls on was seen to wait for up to 60 ms behind functions.
 */
export class OwnGroup {
  /** The group it was in. */
  readonly outside: string;
  readonly #directory: string;

  /** Goes in. `place` is where groups lie. Throws when the kernel does not let us. */
  constructor(place: string, name: string) {
    this.outside = place;
    this.#directory = join(place, `${name}-own`);
    mkdirSync(this.#directory);
    try {
      writeFileSync(join(this.#directory, version1.cpu.weight), weight);
      writeFileSync(join(this.#directory, 'cgroup.procs'), '0');
    } catch (error) {
      rmdirSync(this.#directory);
      throw error;
    }
  }

  /** Back to where it was, with all that is left of what it started. Never throws. */
  leave(): void {
    try {
      moveProcesses(this.#directory, this.outside);
      rmdirSync(this.#directory);
    } catch {
      // Who looks for groups next takes it away.
    }
  }
}

/** Where groups lie, for one that may be in an own group. */
export function outsideOwnGroup(directory: string): string {
  return /^relais-\d+-.+-own$/.test(basename(directory)) ? dirname(directory) : directory;
}
