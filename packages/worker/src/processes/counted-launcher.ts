import type { DoorPlace, LaunchSpec, ProcessLauncher, RootProcess, SharedFiles } from './process-launcher.js';

/** A launcher that knows which of the processes it started live. */
export class CountedLauncher implements ProcessLauncher {
  readonly #launcher: ProcessLauncher;
  readonly #pids = new Set<number>();

  constructor(launcher: ProcessLauncher) {
    this.#launcher = launcher;
  }

  /** Of those that live; what they have started themselves descends from them. */
  get pids(): readonly number[] {
    return [...this.#pids];
  }

  get doors(): DoorPlace | undefined {
    return this.#launcher.doors;
  }

  async launch(spec: LaunchSpec): Promise<RootProcess> {
    const process = await this.#launcher.launch(spec);
    this.#pids.add(process.pid);
    void process.closed.then(() => this.#pids.delete(process.pid));
    return process;
  }

  shareFiles(files: ReadonlyMap<string, Uint8Array>): Promise<SharedFiles> {
    return this.#launcher.shareFiles(files);
  }
}
