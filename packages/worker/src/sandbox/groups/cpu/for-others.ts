/** How many processors those who go last leave to others, and what that is judged by. */
export interface ForOthers {
  readonly processors: number;
  /** Processors that the others used lately, on the average. */
  readonly usedShare: number;
}

export const nothingForOthers: ForOthers = { processors: 0, usedShare: 0 };

const averagedMs = 200;
/** Between half a processor and a whole one, so that it does not go to and fro. */
const changeAbove = 0.65;

/**
 * To be left when others have used usedMs of processor time within elapsedMs. Who goes last is interrupted by others, but not always at
 * once: a kernel that counts what each has had (Linux since 6.6) lets who just had more than others wait for some milliseconds, whoever
 * runs instead. On a processor that those who go last do not use nobody waits for them. At least one of them stays theirs.
 */
export function forOthersAfter(before: ForOthers, usedMs: number, elapsedMs: number, processors: number): ForOthers {
  const part = Math.min(1, elapsedMs / averagedMs);
  const usedShare = before.usedShare + part * (Math.max(0, usedMs) / elapsedMs - before.usedShare);
  const change = usedShare - before.processors;
  const steps = change > changeAbove ? Math.ceil(change - changeAbove) : Math.min(0, Math.floor(change + changeAbove));
  return { processors: Math.min(processors - 1, before.processors + steps), usedShare };
}
