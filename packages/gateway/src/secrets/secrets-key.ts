/** Where the key comes from that secrets are sealed with. Both reject with failed_precondition. */
export interface SecretsKey {
  /** 32 bytes; undefined when there is none yet. */
  get(): Promise<Buffer | undefined>;
  /** Makes one and keeps it, where there is none. */
  create(): Promise<Buffer>;
}
