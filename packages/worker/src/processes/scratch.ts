import { constants } from 'node:fs';
import { type FileHandle, mkdir, mkdtemp, open, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';

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
    const directory = await mkdtemp(join(root, 'process-'));
    const inputPath = join(directory, 'stdin');
    const input = await open(inputPath, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    await unlink(inputPath);
    return new Scratch(directory, input);
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
