import { constants } from 'node:fs';
import { mkdir, mkdtemp, open, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '@relais/kit';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { cpuSecondsFor, runTool, type ToolResult } from '../../processes/run-tool.js';
import {
  artifactTooLarge,
  buildCpuLimit,
  compilerCrashed,
  nameOfOurs,
  noPlainFile,
  noRoomForBuild,
} from './build-failures.js';
import { type BuildAsker, BuildQueue } from './build-queue.js';

/** Directory beside the source for what tools make, as seen from where they run: no name that a source may use. */
export const outputDirectory = '../made';
const sourceDirectory = 'source';

/** What the kernel says where a file is to be in place of a directory, or the other way round. */
const placeTaken = new Set(['EEXIST', 'EISDIR', 'ENOTDIR']);

const noRoom = new Set(['ENOSPC', 'EDQUOT']);

/** Kept of what a compiler says on each of its streams. */
const saidBytesMax = 256 * 1024;

export interface ToolBuildsOptions {
  readonly launcher: ProcessLauncher;
  readonly clock: Clock;
  /** Private directory in which builds get directories of their own; made when needed. The caller removes it. */
  readonly scratchDirectory: string;
  /** Where compilers find the tools they call themselves, like PATH. */
  readonly searchPath: string;
}

export interface ToolCommand {
  /** Absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Directories beside the build's own that it may write. */
  readonly writable?: readonly string[];
  /** Directories that it must be able to read, beside the system's own. */
  readonly readable?: readonly string[];
  /** A question to the tool itself, which may need what its user has. */
  readonly role?: 'trusted';
}

/** One build: a directory of its own, and what is left of its budget. */
export interface BuildSite {
  /** Absolute path, without links in it, of the directory that holds the source and in which tools run. */
  readonly directory: string;
  /** Writes files below the directory; their paths are those of a source tree. */
  write(files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** Rejects with deadline_exceeded, aborted reason compiler_crashed when a signal ended it, or why the build was told to end. */
  run(tool: ToolCommand): Promise<ToolResult>;
  /**
   * A file that a tool made. Rejects with invalid_argument reason artifact_too_large without reading it, or reason compile_error
   * when it is no plain file.
   */
  read(path: string, bytesMax: number): Promise<Buffer>;
}

/** Runs the compiler of one language by turns, each build in a private directory that goes when it ends. */
export class ToolBuilds {
  readonly #options: ToolBuildsOptions;
  readonly #queue: BuildQueue;

  constructor(options: ToolBuildsOptions) {
    this.#options = options;
    this.#queue = new BuildQueue(options.clock);
  }

  /**
   * Makes a build within `budgetMs`, waiting included; whatever ends it kills its tools. Rejects as the queue does.
   */
  build<T>(budgetMs: number, make: (site: BuildSite) => Promise<T>, asker?: BuildAsker): Promise<T> {
    const inDirectory = (leftMs: number, ended: AbortSignal) =>
      this.#inDirectory(this.#options.clock.nowMs() + leftMs, ended, make).catch((error: NodeJS.ErrnoException) => {
        throw noRoom.has(error.code ?? '') ? noRoomForBuild(error) : error;
      });
    return this.#queue.run(budgetMs, inDirectory, asker);
  }

  async #inDirectory<T>(endMs: number, ended: AbortSignal, make: (site: BuildSite) => Promise<T>): Promise<T> {
    const own = await this.#makeDirectory();
    try {
      return await make(this.#site(join(own, sourceDirectory), endMs, ended));
    } finally {
      await rm(own, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    }
  }

  /** Kills what runs and refuses what waits. Safe to call twice. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  async #makeDirectory(): Promise<string> {
    const { scratchDirectory } = this.#options;
    await mkdir(scratchDirectory, { recursive: true, mode: 0o700 });
    const own = await mkdtemp(join(await realpath(scratchDirectory), 'build-'));
    await mkdir(join(own, sourceDirectory));
    await mkdir(join(own, sourceDirectory, outputDirectory));
    return own;
  }

  #site(directory: string, endMs: number, ended: AbortSignal): BuildSite {
    return {
      directory,
      write: (files) => writeAll(directory, files),
      run: (tool) => this.#run(tool, directory, endMs, ended),
      read: (path, bytesMax) => readBounded(join(directory, path), bytesMax),
    };
  }

  async #run(tool: ToolCommand, directory: string, endMs: number, signal: AbortSignal): Promise<ToolResult> {
    const { launcher, clock, searchPath } = this.#options;
    const run = {
      ...tool,
      writable: [join(directory, outputDirectory), ...(tool.writable ?? [])],
      env: { PATH: searchPath, ...tool.env },
      directory,
      budgetMs: Math.max(1, endMs - clock.nowMs()),
      outputBytesMax: saidBytesMax,
      signal,
    };
    const result = await runTool(launcher, clock, run);
    if (usedUpCpuTime(result)) throw buildCpuLimit(cpuSecondsFor(run));
    if (result.exit.signal !== '') throw compilerCrashed();
    return result;
  }
}

/** A path of a source as an argument of a compiler: not an option, nor a file of arguments, however it begins. */
export function pathArgument(path: string): string {
  return /^[@-]/.test(path) ? `./${path}` : path;
}

/** The tool itself, or one that it ran and tells of: both go and rustc use the words of the kernel. */
function usedUpCpuTime({ exit, stderr }: ToolResult): boolean {
  return exit.signal === 'SIGXCPU' || (exit.exitCode !== 0 && /signal: (CPU time limit exceeded|24\b)/.test(stderr));
}

async function writeAll(directory: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [path, content] of files) {
    const target = join(directory, path);
    try {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    } catch (error) {
      throw placeTaken.has((error as NodeJS.ErrnoException).code ?? '') ? nameOfOurs(path) : error;
    }
  }
}

/**
 * The tools may have run what the source says, and the reader is not in their sandbox: nothing but a plain file in its own place
 * is opened, without waiting for anybody.
 */
async function readBounded(path: string, bytesMax: number): Promise<Buffer> {
  const place = await realpath(path).catch((error) => {
    throw error.code === 'ENOENT' ? error : noPlainFile();
  });
  if (place !== path) throw noPlainFile();
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    const { size } = stats;
    if (!stats.isFile()) throw noPlainFile();
    if (size > bytesMax) throw artifactTooLarge(size, bytesMax);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
