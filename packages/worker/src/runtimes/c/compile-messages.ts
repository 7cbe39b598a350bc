/** What the compiler process is asked; one at a time. */
export interface CompileRequest {
  /** Content by path, relative and with "/" between names: the whole world of the compiler beside its own library. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Paths of what is to be compiled and linked. */
  readonly sources: readonly string[];
  readonly flags: readonly string[];
}

/** What it answers. */
export interface CompileReply {
  /** Absent when there was an error. */
  readonly module?: Uint8Array;
  /** What compiler and linker said, at most 256 KiB. */
  readonly said: string;
}
