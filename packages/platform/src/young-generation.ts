/** MiB of one half of V8's young generation, at first and at most, for processes that every call passes through. */
const halfMib = { first: 32, most: 64 };

/**
 * Flags of Node for a process that every call passes through. V8 begins with 1 MiB: a collection every few hundred calls, each
 * of which copies all calls that are on their way. docs/performance.md has the figures.
 */
export const youngGenerationFlags: readonly string[] = [
  `--min-semi-space-size=${halfMib.first}`,
  `--max-semi-space-size=${halfMib.most}`,
];
