/**
 * Everything long-lived. Constructors do no I/O; start after what it depends on, stop before it.
 */
export interface Component {
  /** Name in logs and readiness answers. */
  readonly name: string;
  /** Resolves when it serves. Rejects with a RelaisError that says what to do. */
  start(): Promise<void>;
  /** Takes nothing new, finishes what it has within graceMs, then releases everything. Safe to call twice. */
  stop(graceMs: number): Promise<void>;
}
