import { SandboxState } from '@relais/contracts';
import { type Clock, type Component, type Logger, RelaisError } from '@relais/kit';
import {
  type ControlGroups,
  findGroups,
  findSandbox,
  isWeaker,
  type Sandbox,
  type SandboxName,
  type SandboxTier,
  tierOf,
  trySandbox,
} from '@relais/worker';
import type { PlatformConfig } from '../config/schema.js';

/** A sandbox that works here, and as it is shown. */
export interface FoundSandbox {
  readonly sandbox: Sandbox;
  readonly state: SandboxState;
  /** For workers that are in the sandbox themselves; undefined where the kernel gives us none. Whoever asked closes them. */
  readonly groups: ControlGroups | undefined;
}

export interface SandboxSearchOptions {
  readonly config: Pick<PlatformConfig, 'sandbox' | 'requireSandbox'>;
  /** Private directory for trials. */
  readonly directory: string;
  readonly searchPath: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Finds at its start which sandbox workers get, by running a program in it. */
export class SandboxSearch implements Component {
  readonly name = 'sandbox';
  readonly #options: SandboxSearchOptions;
  #found: FoundSandbox | undefined;
  #threadGroups: ControlGroups | undefined;

  constructor(options: SandboxSearchOptions) {
    this.#options = options;
  }

  /** Known once started. */
  get found(): FoundSandbox {
    if (!this.#found) throw new Error('the sandbox is not known before the search has started');
    return this.#found;
  }

  /** For the processes of workers' threads, in which functions compute for long; undefined where the kernel gives us none. */
  get threadGroups(): ControlGroups | undefined {
    return this.#threadGroups;
  }

  /** Rejects with failed_precondition reason sandbox_missing when there is none as strong as the configuration wants. */
  async start(): Promise<void> {
    const { clock, config, directory, logger, searchPath } = this.#options;
    this.#found = await searchSandbox(config.sandbox, { directory, searchPath });
    this.#threadGroups = this.#found.groups && findGroups(process.pid, 'threads', clock, { anyLight: false });
    const { state } = this.#found;
    const { name, tier, missing } = state;
    if (isWeaker(tier as SandboxTier, config.requireSandbox)) {
      throw sandboxMissing(`${tier} (${name}) is weaker than --require-sandbox ${config.requireSandbox}`, missing);
    }
    if (tier === 'T0') logger.warn(state, 'functions run without a sandbox: deploy only code you trust');
    else logger.info(state, 'functions run in a sandbox');
    // Functions have groups of their own in T3 alone: elsewhere they would stand first too.
    if (tier === 'T3') this.#found.groups?.standFirst();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#threadGroups?.close(), this.#found?.groups?.close()]);
  }
}

/**
 * The sandbox by that name, or the strongest that works. Rejects with failed_precondition reason sandbox_missing when that
 * was asked for by name and does not work.
 */
export async function searchSandbox(
  wanted: SandboxName | 'auto',
  options: { readonly directory: string; readonly searchPath: string },
): Promise<FoundSandbox> {
  if (wanted === 'auto') {
    const { sandbox, missing } = await findSandbox(options);
    return found(sandbox, missing);
  }
  const sandbox = await trySandbox(wanted, options);
  if (typeof sandbox === 'string') throw sandboxMissing(`--sandbox ${wanted} cannot be had`, [sandbox]);
  return found(sandbox, []);
}

function found(sandbox: Sandbox, missing: readonly string[]): FoundSandbox {
  const groups = findGroups(process.pid, 'workers');
  const lacks = groups ? lacksOf(groups) : [noGroups];
  const tier = tierOf(sandbox, groups !== undefined);
  return { sandbox, groups, state: SandboxState.create({ name: sandbox.name, tier, missing: [...missing, ...lacks] }) };
}

const noGroups =
  'control groups cannot be made here, so memory and processes are limited by process alone: ' +
  'run as root, or as a systemd service with Delegate=cpu cpuset memory pids';

function lacksOf({ sharesCpu }: ControlGroups): string[] {
  return sharesCpu ? [] : [noCpuGroups];
}

const noCpuGroups =
  'control groups here do not share processor time out, so functions that use much of it delay others: ' +
  'run as root, or as a systemd service with Delegate=cpu cpuset memory pids';

function sandboxMissing(what: string, missing: readonly string[]): RelaisError {
  return new RelaisError('failed_precondition', [`The sandbox ${what}.`, ...missing].join('\n'), {
    reason: 'sandbox_missing',
  });
}
