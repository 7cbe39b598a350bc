import { execFile } from 'node:child_process';

const runMs = 15_000;

/** The first line a program says; undefined when it is not there or fails. */
export function firstLine(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: runMs }, (error, stdout, stderr) => {
      resolve(error ? undefined : ((stdout.trim() || stderr.trim()).split('\n')[0] ?? ''));
    });
  });
}
