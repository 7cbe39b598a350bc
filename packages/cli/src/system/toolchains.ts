import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** A language that needs something installed: whether it is, and the line that installs it. */
export interface Toolchain {
  readonly lang: string;
  readonly present: boolean;
  readonly install: string;
}

/** The toolchains that do not come with the platform, as this machine has them. */
export const toolchains: readonly Toolchain[] = [
  {
    lang: 'rust',
    present: existsSync('/usr/lib/rustlib/wasm32-wasi') || rustupHasWasi(),
    install: 'apt-get install rustc libstd-rust-dev-wasm32 lld',
  },
  { lang: 'go', present: goVersion() >= 1.21, install: 'Go 1.21 or newer' },
  { lang: 'php', present: spawnSync('php', ['-v']).status === 0, install: 'apt-get install php-cli' },
];

function rustupHasWasi(): boolean {
  const { status, stdout } = spawnSync('rustup', ['target', 'list', '--installed'], { encoding: 'utf8' });
  return status === 0 && /wasm32-wasi/.test(stdout);
}

function goVersion(): number {
  const { stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  return Number(/^go(\d+\.\d+)/.exec(stdout ?? '')?.[1] ?? 0);
}
