import type { Command } from '../framework/command.js';
import { backup } from './backup.js';
import { bench } from './bench.js';
import { completion } from './completion.js';
import { deploy } from './deploy.js';
import { dev } from './dev.js';
import { doctor } from './doctor.js';
import { get } from './get.js';
import { init } from './init.js';
import { invoke } from './invoke.js';
import { key } from './key.js';
import { logs } from './logs.js';
import { ls } from './ls.js';
import { restore } from './restore.js';
import { rm } from './rm.js';
import { rollback } from './rollback.js';
import { scale } from './scale.js';
import { secret } from './secret.js';
import { selftest } from './selftest.js';
import { top } from './top.js';
import { trace } from './trace.js';
import { up } from './up.js';
import { version } from './version.js';
import { workers } from './workers.js';

/** Every command, in the order of the help: what parsing, help, completion and docs/cli.md are made of. */
export const commands: readonly Command[] = [
  up,
  init,
  deploy,
  dev,
  invoke,
  logs,
  ls,
  get,
  version,
  rollback,
  rm,
  top,
  bench,
  trace,
  workers,
  scale,
  key,
  secret,
  backup,
  restore,
  doctor,
  selftest,
  completion(() => commands),
];
