import { Buffer } from 'node:buffer';
import type { FunctionExit, FunctionVersion } from '@relais/contracts';
import type { RelaisError } from '@relais/kit';
import { cpuSecondsOf, memoryMbOf, type RuntimeLimits } from '../runtimes/limits.js';
import {
  cpuLimit,
  describeExit,
  fileSizeLimit,
  functionFailed,
  memoryLimit,
  outputLimit,
  pidsLimit,
  processLost,
} from './failures.js';
import { functionBounds } from './function-bounds.js';
import type { Guest, GuestFault } from './guest.js';
import type { GuestLanguage } from './guest-language.js';
import { type GuestSource, withoutDirectory } from './guest-source.js';
import type { LimitsHit, ProcessExit } from './process-launcher.js';

const stackBytesMax = 8192;
const mebibyte = 1024 * 1024;

export interface FaultContext {
  readonly version: FunctionVersion;
  readonly language: GuestLanguage;
  readonly limits: RuntimeLimits;
  readonly source: GuestSource;
}

/** The failure of a call whose guest answered with a fault. `when` says what the process was doing. */
export function faultError(fault: GuestFault, guest: Guest, when: string, context: FaultContext): RelaisError {
  const stderrTail = cleanOutput(guest, context);
  switch (fault.kind) {
    case 'overflow':
      return outputLimit(context.limits.outputBytesMax, fault.bytes);
    case 'ended':
      return exitError(fault.exit, guest, `ended with ${describeExit(fault.exit)} ${when}`, context);
    case 'violation':
      return functionFailed(`The function's process wrote ${fault.what} to the channel of its runtime and was ended.`, {
        stderrTail,
      });
    case 'error': {
      const { name, message, stack } = fault.error;
      const hit = limitReached(guest.limitsHit(), { stack, stderrTail }, context);
      // What it ran into stays said of it, so it serves no other call.
      if (hit) guest.kill();
      if (hit) return hit;
      if (name === 'MemoryError') return memoryLimit(memoryMbOf(context.version), { stack, stderrTail });
      const bounded = Buffer.from(stack).subarray(0, stackBytesMax).toString();
      return functionFailed(`The function threw ${name}: ${message}`, { stack: trimCut(bounded), stderrTail });
    }
  }
}

/** The failure of a process that ended in a way it should not have: `what` completes "The function's process …". */
export function exitError(exit: ProcessExit, guest: Guest, what: string, context: FaultContext): RelaisError {
  const stderrTail = cleanOutput(guest, context);
  const { exitCode, signal, limits } = exit;
  const details: Partial<FunctionExit> = { exitCode, signal, stderrTail };
  const reached = limitReached(limits, details, context);
  if (reached) return reached;
  if (exit.lost) return processLost();
  if (signal === 'SIGXFSZ') return fileSizeLimit(functionBounds.fileBytesMax, details);
  const cpuSecondsMax = cpuSecondsOf(context.version);
  if (signal === 'SIGXCPU' && cpuSecondsMax !== undefined) return cpuLimit(cpuSecondsMax, details);
  if (context.language.outOfMemory(exit, stderrTail)) return memoryLimit(memoryMbOf(context.version), details);
  return functionFailed(`The function's process ${what}.`, details);
}

/** The failure by a limit that whoever counts says was reached; undefined when none was. */
function limitReached(
  hit: LimitsHit | undefined,
  details: Partial<FunctionExit>,
  { language, version }: FaultContext,
): RelaisError | undefined {
  if (hit?.cpu) return cpuLimit(hit.cpu.limitSeconds, details, hit.cpu.usedSeconds);
  if (hit?.memory) {
    const usedMb = Math.ceil(hit.memory.usedBytes / mebibyte) - language.overheadMb;
    return memoryLimit(memoryMbOf(version), details, usedMb);
  }
  return hit?.tasks && pidsLimit(hit.tasks.limit, details);
}

/** What the interpreter says of a crash is where the function writes its logs, so those are cleaned too. */
function cleanOutput(guest: Guest, context: FaultContext): string {
  guest.logs.rewrite((text) => clean(text, context));
  return clean(guest.logs.stderrTail(), context);
}

function clean(text: string, { language, source }: FaultContext): string {
  return language.cleanStderr(withoutDirectory(text, source));
}

// A cut inside a character leaves a replacement character, which is longer than what it replaces.
function trimCut(text: string): string {
  return text.endsWith('\ufffd') ? text.slice(0, -1) : text;
}
