import type { BuildOutcome, BuildWork, FunctionVersion, LanguageSupport } from '@relais/contracts';
import { type Clock, RelaisError } from '@relais/kit';
import { findExecutables } from '../../processes/executables.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import type { ToolResult } from '../../processes/run-tool.js';
import { openSource, type SourceTree } from '../../sources/source-tree.js';
import type { WasmEngine } from '../../wasm/engine.js';
import { toolchainAbsent } from '../compiled/build-failures.js';
import { compileFailure } from '../compiled/compile-failure.js';
import { KnownTools } from '../compiled/known-tools.js';
import { moduleOutcome } from '../compiled/module-outcome.js';
import { type BuildSite, outputDirectory, ToolBuilds } from '../compiled/tool-builds.js';
import { isReused, type RuntimeLimits } from '../limits.js';
import type { LoadedFunction, Runtime } from '../runtime.js';
import { reusable, reuseLinking } from './reuse.js';
import { parseRustcOutput } from './rust-diagnostics.js';
import { foreignInput } from './rust-inputs.js';
import { compileCommand, findRust, modulePath, type RustToolchain, staticBytesNeeded } from './rust-toolchain.js';

export interface RustRuntimeOptions {
  /** Shared with the other languages that become WASM; whoever made it closes it. */
  readonly engine: WasmEngine;
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly launcher: ProcessLauncher;
  /** Where rustc is looked for, like PATH. */
  readonly searchPath: string;
  /** What other workers have found. Default: nothing, and nothing is kept for them. */
  readonly tools?: KnownTools;
  /** Private directory in which builds get directories of their own. The caller removes it. */
  readonly scratchDirectory: string;
}

/** Rust: compiled at deploy by the rustc of this machine, without crates but its own library, run by the WASM engine. */
export function createRustRuntime(options: RustRuntimeOptions): Runtime {
  return new RustRuntime(options);
}

const absent =
  'No rustc here makes WASI modules. Install one with: apt-get install rustc libstd-rust-dev-wasm32 lld, or rustup target add wasm32-wasip1';
const inputsPath = `${outputDirectory}/inputs.d`;
const inputsBytesMax = 4 * 1024 * 1024;

class RustRuntime implements Runtime {
  readonly lang = 'rust';
  readonly style = 'inline';
  readonly #options: RustRuntimeOptions;
  readonly #builds: ToolBuilds;
  #found: Promise<RustToolchain | undefined> | undefined;

  constructor(options: RustRuntimeOptions) {
    this.#options = options;
    this.#builds = new ToolBuilds(options);
  }

  async probe(): Promise<LanguageSupport> {
    const found = await this.#find();
    if (!found) return { lang: this.lang, runs: true, builds: false, reason: absent, toolchain: '' };
    const toolchain = `rustc ${found.version} (${found.target})`;
    return { lang: this.lang, runs: true, builds: true, reason: '', toolchain };
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
  #find(): Promise<RustToolchain | undefined> {
    this.#found ??= this.#look();
    return this.#found;
  }

  async #look(): Promise<RustToolchain | undefined> {
    const { searchPath, tools = new KnownTools('') } = this.#options;
    const look = () => findRust(this.#builds, searchPath);
    return tools.recall('rust', await findExecutables('rustc', searchPath), look);
  }

  async #compile(site: BuildSite, toolchain: RustToolchain, tree: SourceTree, work: BuildWork): Promise<BuildOutcome> {
    const { artifactBytesMax } = this.#options.limits;
    await site.write(tree.files);
    const reused = isReused(work);
    if (reused) await site.write(new Map([[tree.entry, reusable(tree.files.get(tree.entry) ?? Buffer.alloc(0))]]));
    const { exit, stderr } = await runRustc(site, toolchain, tree.entry, reused ? reuseLinking : []);
    const filename = tree.single ? work.filename || tree.entry : tree.entry;
    const diagnostics = parseRustcOutput(stderr, site.directory, tree.entry, filename);
    await this.#refuseForeignInputs(site, filename);
    if (exit.exitCode !== 0) throw compileFailure(diagnostics, filename);
    return moduleOutcome(await site.read(modulePath, artifactBytesMax), work, diagnostics, artifactBytesMax);
  }

  async #refuseForeignInputs(site: BuildSite, filename: string): Promise<void> {
    // A source that does not parse leaves no list, and no module either.
    const depInfo = await site.read(inputsPath, inputsBytesMax).catch((error) => {
      if (RelaisError.is(error)) throw error;
      return '';
    });
    const path = foreignInput(depInfo.toString(), site.directory);
    if (path === undefined) return;
    const message = `the file ${path} lies outside of the source`;
    throw compileFailure([{ file: filename, line: 0, column: 0, severity: 'error', message }], filename);
  }
}

/** Most programs fit the memory they are first given; one that does not is linked again with what it needs. */
async function runRustc(
  site: BuildSite,
  toolchain: RustToolchain,
  entry: string,
  linking: readonly string[],
): Promise<ToolResult> {
  const run = (staticBytes?: number) => {
    const tool = compileCommand(toolchain, entry, staticBytes, linking);
    const args = ['--error-format=json', `--emit=link,dep-info=${inputsPath}`, ...tool.args];
    return site.run({ ...tool, args });
  };
  const first = await run();
  const staticBytes = staticBytesNeeded(first.stderr);
  return staticBytes === undefined ? first : run(staticBytes);
}
