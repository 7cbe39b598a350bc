/** WASI preview-1 error numbers that this host answers. */
export const Errno = {
  success: 0,
  badf: 8,
  fault: 21,
  inval: 28,
  notdir: 54,
  notsup: 58,
  spipe: 70,
} as const;

export type Errno = (typeof Errno)[keyof typeof Errno];
