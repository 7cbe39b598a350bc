import { existsSync } from 'node:fs';
import type { SandboxPolicy } from './sandbox.js';

/** What a shell counts the size of files in. */
const blockBytes = 512;

/**
 * A shell that runs such a script, with the option behind which that comes. Dash knows no descriptor above 9, and what would
 * then stay open ends the script; where sh is dash, bash is there too.
 */
export function launchShell(): readonly string[] {
  const bash = ['/bin/bash', '/usr/bin/bash'].find((path) => existsSync(path));
  // As sh, but that would read ~/.bashrc where standard input is a socket.
  return bash ? [bash, '--norc', '--noprofile', '--posix', '-c'] : ['/bin/sh', '-c'];
}

/**
 * The beginning of a shell script that closes what nobody meant to hand on, joins the control groups of a policy and sets its
 * limits, for itself and all that comes after it. What follows it should begin with "exec".
 */
export function limitingScript(policy: SandboxPolicy): string {
  const { cpuSecondsMax, descriptors, fileBytesMax, filesMax, groups } = policy;
  return [
    // Libraries open files without saying that they end at an exec; the database is one.
    `for fd in /proc/self/fd/*; do [ "\${fd##*/}" -lt ${descriptors} ] || eval "exec \${fd##*/}>&-"; done`,
    ...groups.map((file) => `echo 0 >${quoted(file)} || exit 125`),
    'ulimit -c 0',
    `ulimit -n ${filesMax}`,
    `ulimit -f ${Math.ceil(fileBytesMax / blockBytes)}`,
    ...(cpuSecondsMax === undefined ? [] : [`ulimit -S -t ${cpuSecondsMax}`, `ulimit -H -t ${cpuSecondsMax + 1}`]),
    '',
  ].join('\n');
}

/** A word of a shell script that stands for itself. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
