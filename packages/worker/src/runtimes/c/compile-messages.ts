/** What the compiler process is asked; one at a time. */
export interface CompileRequest {
  /** Name of the source inside the compiler: a plain file name. */
  readonly name: string;
  readonly source: Uint8Array;
  readonly flags: readonly string[];
}

/** What it answers. */
export interface CompileReply {
  /** Absent when there was an error. */
  readonly module?: Uint8Array;
  /** What compiler and linker said, at most 256 KiB. */
  readonly said: string;
}
