/** A moment as the contract carries it. */
interface Moment {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Milliseconds since 1970; 0 for one that is absent. */
export function timestampMs(moment: Moment | undefined): number {
  return moment ? Number(moment.seconds) * 1000 + moment.nanos / 1e6 : 0;
}
