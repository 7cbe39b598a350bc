import { constants } from 'node:fs';
import { type FileHandle, mkdir, mkdtemp, open, rm, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

const inputName = 'stdin';

/**
 * The directory and the standard input of one process. Standard input is an unlinked file: programs may open /dev/stdin
 * (which fails on a socket), nothing can block on it, and it can be filled after the process was started.
 */
export class Scratch {
  readonly directory: string;
  readonly #input: FileHandle;

  private constructor(directory: string, input: FileHandle) {
    this.directory = directory;
    this.#input = input;
  }

  /** Makes an empty directory below `root`, which is made when it is not there. */
  static async make(root: string): Promise<Scratch> {
    await mkdir(root, { recursive: true, mode: 0o700 });
    const scratch = await Scratch.below(root);
    await unlink(join(scratch.directory, inputName));
    return scratch;
  }

  /** Makes a directory below one that is there, with standard input in a file "stdin"; the process unlinks it. */
  static async below(parent: string): Promise<Scratch> {
    const directory = await mkdtemp(join(parent, 'process-'));
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
    return new Scratch(directory, await open(join(directory, inputName), flags, 0o600));
  }

  /** Relative to the directory it was made in. */
  get name(): string {
    return basename(this.directory);
  }

  get inputFd(): number {
    return this.#input.fd;
  }

  /** Writes standard input at its beginning without moving the offset, which the process shares. */
  async fillInput(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const step = await this.#input.write(bytes, written, bytes.length - written, written);
      written += step.bytesWritten;
    }
  }

  async remove(): Promise<void> {
    await this.#input.close();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}
