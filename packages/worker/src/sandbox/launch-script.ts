import type { SandboxPolicy } from './sandbox.js';

/** What a shell counts the size of files in. */
const blockBytes = 512;

/**
 * The beginning of a shell script that joins the control groups of a policy and sets its limits for itself and all that
 * comes after it. What follows it should begin with "exec".
 */
export function limitingScript({ groups, filesMax, fileBytesMax, cpuSecondsMax }: SandboxPolicy): string {
  return [
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
