import { homedir } from 'node:os';
import { join } from 'node:path';
import { findExecutable, findExecutables } from '../../processes/executables.js';
import { installed } from '../../processes/installations.js';
import { type BuildSite, outputDirectory, type ToolBuilds, type ToolCommand } from '../compiled/tool-builds.js';

/** What turns Go into a WASI module here. */
export interface GoToolchain {
  readonly kind: 'tinygo' | 'go';
  /** Absolute path. */
  readonly command: string;
  /** For example "1.26.8". */
  readonly version: string;
  /** Major and minor of the language, for a go.mod of ours; for example "1.26". */
  readonly language: string;
  /** The standard library's directory, which messages must not name. */
  readonly root: string;
}

/** Where a toolchain keeps what it compiled, and finds the tools it calls. */
export interface GoSurroundings {
  readonly cacheDirectory: string;
  readonly searchPath: string;
}

const trialBudgetMs = 60_000;
/** The first with the port to WASI. */
const minorMin = 21;
const trial = 'package main\n\nfunc main() {}\n';

/** Path of the module, below the build's directory. */
export const modulePath = `${outputDirectory}/module.wasm`;

/**
 * TinyGo where it is and works, else the first go of the search path that is new enough; undefined when there is none.
 * Never rejects.
 */
export async function findGo(builds: ToolBuilds, around: GoSurroundings): Promise<GoToolchain | undefined> {
  for (const command of await findExecutables('go', around.searchPath)) {
    const go = await builds.build(trialBudgetMs, (site) => askGo(site, command, around)).catch(() => undefined);
    if (go) return (await findTinyGo(builds, go, around)) ?? go;
  }
  return undefined;
}

/** A go.mod for a source that brings none. */
export function ownModule({ language }: GoToolchain): Buffer {
  return Buffer.from(`module function\n\ngo ${language}\n`);
}

/** How a package of the build's directory is compiled; `path` begins with "./". */
export function compileCommand(
  toolchain: GoToolchain,
  path: string,
  around: GoSurroundings,
  isReused = false,
): ToolCommand {
  // A library of C to Go, a module that is initialised once to WASI.
  const mode = isReused ? ['-buildmode=c-shared'] : [];
  const args = {
    go: ['build', ...mode, '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', modulePath, path],
    tinygo: ['build', ...mode, '-target=wasip1', '-no-debug', '-o', modulePath, path],
  };
  const readable = installed(toolchain.command, [toolchain.root]);
  return { command: toolchain.command, args: args[toolchain.kind], readable, ...surroundings(around) };
}

// Nothing is fetched, no other toolchain is looked for, and no setting of this machine's user counts.
function surroundings({ cacheDirectory, searchPath }: GoSurroundings): Pick<ToolCommand, 'env' | 'writable'> {
  const env = {
    PATH: searchPath,
    GOOS: 'wasip1',
    GOARCH: 'wasm',
    CGO_ENABLED: '0',
    GOCACHE: join(cacheDirectory, 'go-build'),
    GOENV: 'off',
    GOFLAGS: '',
    GOPROXY: 'off',
    GOSUMDB: 'off',
    GOTOOLCHAIN: 'local',
    GOVCS: '*:off',
    GOWORK: 'off',
    GO111MODULE: 'on',
  };
  return { env, writable: [cacheDirectory] };
}

async function askGo(site: BuildSite, command: string, around: GoSurroundings): Promise<GoToolchain | undefined> {
  const { env } = surroundings(around);
  const args = ['env', '-json', 'GOVERSION', 'GOROOT'];
  // A wrapper (asdf, a snap) looks into its user's home.
  const { stdout } = await site.run({ command, args, env: { ...env, HOME: homedir() }, role: 'trusted' });
  const { GOVERSION, GOROOT } = JSON.parse(stdout) as { GOVERSION: string; GOROOT: string };
  const [, version = '', minor = ''] = /^go(1\.(\d+)\S*)/.exec(GOVERSION) ?? [];
  if (Number(minor) < minorMin) return undefined;
  const own = await findExecutable('go', join(GOROOT, 'bin'));
  return { kind: 'go', command: own ?? command, version, language: `1.${minor}`, root: GOROOT };
}

/** TinyGo works with some releases of Go and not with others, so it is tried by compiling. */
async function findTinyGo(
  builds: ToolBuilds,
  go: GoToolchain,
  around: GoSurroundings,
): Promise<GoToolchain | undefined> {
  const command = await findExecutable('tinygo', around.searchPath);
  if (!command) return undefined;
  const tinygo: GoToolchain = { ...go, kind: 'tinygo', command };
  return builds
    .build(trialBudgetMs, async (site) => {
      const said = (await site.run({ command, args: ['version'], role: 'trusted' })).stdout;
      await site.write(new Map([['go.mod', ownModule(go)]]));
      await site.write(new Map([['main.go', Buffer.from(trial)]]));
      const { exit } = await site.run(compileCommand(tinygo, './.', around));
      const version = /version (\S+)/.exec(said)?.[1] ?? '';
      return exit.exitCode === 0 ? { ...tinygo, version } : undefined;
    })
    .catch(() => undefined);
}
