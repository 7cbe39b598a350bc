/** MiB of one half of V8's young generation, at first and at most, for processes that every call passes through. */
const halfMib = { first: 32, most: 64 };

/**
 * Flags of Node for a process that every call passes through. With V8's own beginnings of 1 MiB a collection comes every
 * few hundred calls and copies all that are on their way, the more the more clients wait; docs/performance.md has the figures.
 */
export const youngGenerationFlags: readonly string[] = [
  `--min-semi-space-size=${halfMib.first}`,
  `--max-semi-space-size=${halfMib.most}`,
];
