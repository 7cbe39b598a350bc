import { posix } from 'node:path';

/**
 * The first file outside of `directory` that a compile read, of the list rustc writes with --emit=dep-info; undefined when
 * there is none. Sources can name any file of the machine (include_str!), so what they named is looked at.
 */
export function foreignInput(depInfo: string, directory: string): string | undefined {
  return inputsOf(depInfo).find((path) => posix.relative(directory, posix.resolve(directory, path)).startsWith('..'));
}

/** Each input has a line "PATH:" of its own, a space in it written as "\ ". */
function inputsOf(depInfo: string): string[] {
  return depInfo
    .split('\n')
    .filter((line) => line.endsWith(':'))
    .map((line) => line.slice(0, -1).replaceAll('\\ ', ' '));
}
