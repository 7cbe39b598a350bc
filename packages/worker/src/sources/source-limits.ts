/** Bounds of one function's files. A source beyond one of them is refused with reason bad_archive, naming it. */
export interface SourceLimits {
  readonly filesMax: number;
  /** Records of the archive of any kind: files, directories, ignored files, metadata. */
  readonly entriesMax: number;
  /** Names and attributes that stand beside the entries' own headers, all together. */
  readonly metadataBytesMax: number;
  /** All files together, unpacked. */
  readonly unpackedBytesMax: number;
  readonly fileBytesMax: number;
  /** One path inside the archive, UTF-8. */
  readonly pathBytesMax: number;
  /** Names in one path: a file in the archive's root has depth 1. */
  readonly depthMax: number;
}

export const sourceLimits: SourceLimits = {
  filesMax: 2000,
  entriesMax: 8000,
  metadataBytesMax: 4 * 1024 * 1024,
  unpackedBytesMax: 64 * 1024 * 1024,
  fileBytesMax: 32 * 1024 * 1024,
  pathBytesMax: 255,
  depthMax: 16,
};
