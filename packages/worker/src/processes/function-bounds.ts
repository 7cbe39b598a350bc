const mebibyte = 1024 * 1024;

/** What every process of a function has beside its memory. What happens at each bound is said in the sandbox's policy. */
export const functionBounds = {
  tmpBytesMax: 64 * mebibyte,
  filesMax: 1024,
  fileBytesMax: 64 * mebibyte,
  /** Processes and threads together; node alone has a dozen. */
  tasksMax: 128,
} as const;

/** What compilers have instead, where it differs. */
export const toolBounds = { fileBytesMax: 512 * mebibyte, tasksMax: 512, memoryBytesMax: 2048 * mebibyte } as const;
