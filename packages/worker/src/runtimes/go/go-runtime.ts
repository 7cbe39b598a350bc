import { mkdir, realpath } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { BuildOutcome, BuildWork, FunctionVersion, LanguageSupport } from '@relais/contracts';
import type { Clock, RelaisError } from '@relais/kit';
import { findExecutables } from '../../processes/executables.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { openSource, type SourceTree } from '../../sources/source-tree.js';
import type { WasmEngine } from '../../wasm/engine.js';
import { toolchainAbsent } from '../compiled/build-failures.js';
import { compileFailure } from '../compiled/compile-failure.js';
import { KnownTools } from '../compiled/known-tools.js';
import { moduleOutcome } from '../compiled/module-outcome.js';
import { type BuildSite, ToolBuilds } from '../compiled/tool-builds.js';
import { isReused, memoryMbOf, type RuntimeLimits } from '../limits.js';
import type { LoadedFunction, Runtime } from '../runtime.js';
import { trimCache } from './build-cache.js';
import { parseGoOutput } from './go-diagnostics.js';
import { layOut } from './go-source.js';
import { compileCommand, findGo, type GoToolchain, modulePath, ownModule } from './go-toolchain.js';
import { withHeapHeadroom } from './heap-headroom.js';
import { relay, relayName, reuseMinorMin } from './reuse.js';

export interface GoRuntimeOptions {
  /** Shared with the other languages that become WASM; whoever made it closes it. */
  readonly engine: WasmEngine;
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly launcher: ProcessLauncher;
  /** Where tinygo and go are looked for, like PATH. */
  readonly searchPath: string;
  /** What other workers have found. Default: nothing, and nothing is kept for them. */
  readonly tools?: KnownTools;
  /** Private directory in which builds get directories of their own. The caller removes it. */
  readonly scratchDirectory: string;
  /**
   * Directory that outlives workers and may be shared by them, for what was compiled before: the first build of all
   * compiles the standard library. At most 1 GiB below it is kept, looked at once in 32 builds.
   */
  readonly cacheDirectory: string;
}

/** Go: compiled at deploy by the TinyGo or Go of this machine, without fetching modules, run by the WASM engine. */
export function createGoRuntime(options: GoRuntimeOptions): Runtime {
  return new GoRuntime(options);
}

const absent =
  'Go 1.21 or newer is not installed. Install it with: apt-get install golang-go (on Debian 12: apt-get install -t bookworm-backports golang-go)';
const cacheBytesMax = 1024 * 1024 * 1024;
const buildsPerTrim = 32;
const wasmMagic = Buffer.from('\0asm');

class GoRuntime implements Runtime {
  readonly lang = 'go';
  readonly style = 'inline';
  readonly #options: GoRuntimeOptions;
  readonly #builds: ToolBuilds;
  #found: Promise<GoToolchain | undefined> | undefined;
  #buildCount = 0;

  constructor(options: GoRuntimeOptions) {
    this.#options = options;
    this.#builds = new ToolBuilds(options);
  }

  async probe(): Promise<LanguageSupport> {
    const found = await this.#find();
    if (!found) return { lang: this.lang, runs: true, builds: false, reason: absent, toolchain: '' };
    return { lang: this.lang, runs: true, builds: true, reason: '', toolchain: `${found.kind} ${found.version}` };
  }

  async build(work: BuildWork, budgetMs: number, signal?: AbortSignal): Promise<BuildOutcome> {
    const { clock } = this.#options;
    const endMs = clock.nowMs() + budgetMs;
    const toolchain = await this.#find();
    if (!toolchain) throw toolchainAbsent(absent);
    const tree = await openSource(work.source, work.filename, { lang: this.lang, entry: work.config?.entry ?? '' });
    const compile = (site: BuildSite) => this.#compile(site, toolchain, tree, work);
    return this.#builds.build(endMs - clock.nowMs(), compile, { caller: work.caller, signal });
  }

  load(version: FunctionVersion, artifact: Buffer): Promise<LoadedFunction> {
    return this.#options.engine.load(version, artifact);
  }

  close(): Promise<void> {
    return this.#builds.close();
  }

  // Looked for once: what is installed later is found by the next worker.
  #find(): Promise<GoToolchain | undefined> {
    this.#found ??= this.#look();
    return this.#found;
  }

  async #look(): Promise<GoToolchain | undefined> {
    const { searchPath, tools = new KnownTools('') } = this.#options;
    const executables = await Promise.all(['go', 'tinygo'].map((name) => findExecutables(name, searchPath)));
    return tools.recall('go', executables.flat(), () => findGo(this.#builds, this.#options));
  }

  async #compile(site: BuildSite, toolchain: GoToolchain, tree: SourceTree, work: BuildWork): Promise<BuildOutcome> {
    const { artifactBytesMax } = this.#options.limits;
    const cacheDirectory = await this.#openCache();
    const source = layOut(tree, ownModule(toolchain));
    await site.write(source.files);
    const reused = isReused(work);
    if (reused) await site.write(new Map([[posix.join(source.package, relayName), reusableBy(toolchain)]]));
    const around = { ...this.#options, cacheDirectory };
    const { exit, stderr } = await site.run(compileCommand(toolchain, source.package, around, reused));
    const filename = tree.single ? work.filename || tree.entry : tree.entry;
    const names = { directory: site.directory, root: toolchain.root, entry: source.entry, filename };
    if (exit.exitCode !== 0) throw compileFailure(parseGoOutput(stderr, names), filename);
    const module = await site.read(modulePath, artifactBytesMax);
    if (!module.subarray(0, 4).equals(wasmMagic)) throw noProgram(filename);
    const roomy = withHeapHeadroom(module, memoryMbOf(work));
    return moduleOutcome(roomy, work, [], artifactBytesMax);
  }

  async #openCache(): Promise<string> {
    const { cacheDirectory } = this.#options;
    await mkdir(cacheDirectory, { recursive: true, mode: 0o700 });
    const directory = await realpath(cacheDirectory);
    if (this.#buildCount % buildsPerTrim === 0) await trimCache(join(directory, 'go-build'), cacheBytesMax);
    this.#buildCount += 1;
    return directory;
  }
}

/** The relay, where this toolchain can compile it. */
function reusableBy({ language, version }: GoToolchain): Uint8Array {
  if (Number(language.split('.')[1]) >= reuseMinorMin) return relay;
  const message = `Go ${version} cannot build for isolation=reuse. Install Go 1.${reuseMinorMin} or newer, or leave isolation out.`;
  throw toolchainAbsent(message);
}

/** Go compiles any package, but makes a program of main alone. */
function noProgram(file: string): RelaisError {
  const message = 'the package is not called main, so it is no program';
  return compileFailure([{ file, line: 0, column: 0, severity: 'error', message }], file);
}
