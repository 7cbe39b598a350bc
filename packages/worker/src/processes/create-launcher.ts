import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@relais/kit';
import type { ControlGroups } from '../sandbox/groups/control-group.js';
import type { Sandbox } from '../sandbox/sandbox.js';
import { createDirectLauncher } from './direct-launcher.js';
import type { ProcessLauncher } from './process-launcher.js';
import { createSandboxedLauncher } from './sandboxed-launcher.js';

export interface LauncherOptions {
  /** Private directory for what processes have of their own. The caller removes it. */
  readonly directory: string;
  /** Where setpriv is looked for, like PATH. */
  readonly searchPath: string;
  readonly clock: Clock;
  readonly sandbox: Sandbox;
  readonly groups: ControlGroups | undefined;
}

/** What shims and tools of ours consist of: this package, node, and the packages they load. */
export const ownReadable: readonly string[] = [
  join(import.meta.dirname, '..'),
  join(import.meta.dirname, '../../package.json'),
  process.execPath,
  ...['@yowasp/clang', 'cjs-module-lexer', 'es-module-lexer'].flatMap(packageOf),
];

/** The launcher of a worker. */
export function createLauncher({ directory, searchPath, clock, sandbox, groups }: LauncherOptions): ProcessLauncher {
  const outside = createDirectLauncher({ directory, searchPath, clock });
  if (!sandbox.confines) return outside;
  return createSandboxedLauncher({ directory, sandbox, outside, readable: ownReadable, clock, groups });
}

function packageOf(name: string): string[] {
  try {
    const path = fileURLToPath(import.meta.resolve(name));
    return [path.slice(0, path.indexOf(name) + name.length)];
  } catch {
    return [];
  }
}
