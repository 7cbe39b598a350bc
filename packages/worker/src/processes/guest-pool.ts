import { Form, type FunctionVersion } from '@relais/contracts';
import type { Clock } from '@relais/kit';
import { type EgressFrame, openDoor, proxyEnvironment } from '../egress/doors.js';
import { lookingUpInTurn, type NetworkRules, networkRules } from '../egress/network-rules.js';
import { callCpuSecondsOf, cpuSecondsOf, type RuntimeLimits } from '../runtimes/limits.js';
import type { LoadedFunction } from '../runtimes/runtime.js';
import { shuttingDown } from '../runtimes/shutting-down.js';
import { archiveFormat } from '../sources/source-tree.js';
import { CpuWatch } from './cpu-watch.js';
import { ForkedGuests } from './forks/forked-guests.js';
import { Guest, type GuestBoot } from './guest.js';
import type { GuestLanguage } from './guest-language.js';
import type { GuestMaker } from './guest-maker.js';
import { type GuestSource, provideSource } from './guest-source.js';
import { HandlerFunction } from './handler-function.js';
import { type InstanceOwner, InstancePool, type Lease } from './instance-pool.js';
import type { IdleInstances, MemoryBudget } from './memory-budget.js';
import type { LaunchedProcess, ProcessLauncher } from './process-launcher.js';
import { ProgramFunction } from './program-function.js';
import type { RunningCall } from './running-call.js';
import { SpareGuests } from './spare-guests.js';

export interface GuestPoolOptions {
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly launcher: ProcessLauncher;
  /** Shared by all that start processes in this worker. Default: their number alone is bounded. */
  readonly budget?: MemoryBudget;
  readonly language: GuestLanguage;
  /** What holds for the network of every function. Default: none reaches what it does not name. */
  readonly network?: NetworkRules;
}

/** What a function in either form works with. */
export interface GuestFunctionOptions extends GuestPoolOptions {
  readonly guests: GuestPool;
  readonly version: FunctionVersion;
  readonly source: GuestSource;
  /** All its processes look names up in one turn. */
  readonly network: NetworkRules;
}

/** All processes of one runtime: those that hold a function, and the spares. */
export class GuestPool implements IdleInstances {
  readonly pool: InstancePool<Guest>;
  readonly #options: GuestPoolOptions;
  readonly #launcher: ProcessLauncher;
  readonly #supply: SpareGuests;
  readonly #guests = new Set<Guest>();
  readonly #functions = new Set<LoadedFunction>();
  readonly #starting = new Set<Promise<unknown>>();
  readonly #cpu: CpuWatch;
  #stopTicking: (() => void) | undefined;
  #closed = false;

  constructor(options: GuestPoolOptions) {
    const { limits, clock } = options;
    this.#options = options;
    this.#cpu = new CpuWatch(clock);
    this.pool = new InstancePool(limits.processesMax, () => clock.nowMs());
    this.#launcher = options.launcher;
    this.#supply = new SpareGuests({ sparesMax: limits.sparesMax, maker: this.#maker(), nowMs: () => clock.nowMs() });
    options.budget?.join(this);
  }

  get oldestIdleMs(): number | undefined {
    return this.pool.oldestIdleMs;
  }

  evictOldest(): Promise<unknown> {
    return this.pool.evictOldest();
  }

  async memoryBytes(): Promise<number> {
    let bytes = 0;
    for (const guest of this.#guests) bytes += await guest.memoryBytes();
    return bytes;
  }

  /**
   * A version ready for calls: an archive is unpacked, once for all its processes; no process is started but what makes the
   * first call quick.
   * Rejects like provideSource.
   */
  async load(version: FunctionVersion, artifact: Buffer): Promise<LoadedFunction> {
    this.#stopTicking ??= this.#options.clock.every(this.#tickMs(), () => this.#retire());
    // The entry was found when the version was built; what was made of several files then has none.
    const entry = archiveFormat(artifact) ? (version.config?.entry ?? '') : '';
    const { lang, filename } = version;
    const source = await provideSource(this.#options.launcher, artifact, filename, { lang, entry });
    const { network = networkRules({ anyHost: false, peers: [] }) } = this.#options;
    const options = { ...this.#options, network: lookingUpInTurn(network), guests: this, version, source };
    const loaded = version.form === Form.FORM_HANDLER ? new HandlerFunction(options) : new ProgramFunction(options);
    this.prepareNext(options);
    this.#functions.add(loaded);
    return loaded;
  }

  /** Processes that hold or may hold a function; spares are not counted. */
  get counts(): { readonly busy: number; readonly idle: number } {
    const { idleCount, slotsUsed } = this.pool;
    return { busy: slotsUsed - idleCount, idle: idleCount };
  }

  /** Instances that computed on with no call under way, until that was too much. */
  get endedIdle(): number {
    return this.#cpu.endedIdle;
  }

  forget(loaded: LoadedFunction): void {
    this.#functions.delete(loaded);
  }

  /** The right to a process, waiting for it when it must; undefined when the call was cancelled meanwhile. */
  async lease(owner: InstanceOwner, running: RunningCall): Promise<Lease<Guest> | undefined> {
    let lease = this.pool.tryAcquire(owner);
    if (!lease) {
      const ticket = this.pool.acquire(owner);
      running.waiting(() => ticket.leave());
      lease = await ticket.lease;
    }
    if (lease) running.begin(lease.member === undefined);
    return lease;
  }

  /** Puts a guest without a function into an empty lease. */
  async fill(lease: Lease<Guest>, running: RunningCall, options: GuestFunctionOptions): Promise<Guest> {
    const guest = await this.fillWarm(lease, options);
    running.hold(guest);
    return guest;
  }

  /** The same for nobody's call: it stays warm. */
  async fillWarm(lease: Lease<Guest>, options: GuestFunctionOptions): Promise<Guest> {
    const guest = await this.#supply.take(this.#bootOf(options));
    guest.serve(options.version);
    // The kernel holds each process of a program to it.
    if (options.version.form === Form.FORM_HANDLER) this.#cpu.watch(guest, callCpuSecondsOf(options.version));
    this.pool.fill(lease, guest);
    return guest;
  }

  /** It has loaded the function, and can be called. */
  loaded(guest: Guest): void {
    guest.started();
  }

  /**
   * Leads a guest of such a version to its network, if it has one: what its shim must know of that. Rejects like openDoor,
   * and then ends the guest, which holds no function and must not be taken for one that is warm.
   */
  async leadOut(guest: Guest, options: GuestFunctionOptions): Promise<{ readonly egress?: EgressFrame }> {
    const { clock, network, version } = options;
    try {
      const egress = this.#launcher.doors && (await openDoor(guest, version, this.#launcher.doors, { clock, network }));
      return egress ? { egress } : {};
    } catch (error) {
      guest.kill();
      throw error;
    }
  }

  /** Makes ready for the next cold start of such a version. */
  prepareNext(options: GuestFunctionOptions): void {
    this.#supply.prepare(this.#bootOf(options));
  }

  #bootOf({ language, version }: GuestFunctionOptions): GuestBoot {
    const boot = language.boot(version);
    const cpuSecondsMax = cpuSecondsOf(version);
    const bounded =
      cpuSecondsMax === undefined ? boot : { ...boot, cpuSecondsMax, key: `${boot.key} ${cpuSecondsMax} s` };
    if (!this.#launcher.doors || !version.config?.network) return bounded;
    return { ...bounded, key: `${bounded.key} network`, egress: true, env: proxyEnvironment };
  }

  /** Ends every process and waits until they are gone. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopTicking?.();
    this.#options.budget?.leave(this);
    const supplyClosed = this.#supply.close();
    for (const loaded of this.#functions) await loaded.close();
    await Promise.allSettled(this.#starting);
    const guests = [...this.#guests];
    for (const guest of guests) guest.kill();
    await Promise.all(guests.map((guest) => guest.gone));
    await supplyClosed;
  }

  /** Forked where the language can, else started. */
  #maker(): GuestMaker {
    const { limits, clock, language } = this.#options;
    const launcher = this.#launcher;
    const start = (boot: GuestBoot) => this.#start(boot);
    if (!language.forkServer) return { make: start, retire: () => {}, close: async () => {} };
    const adopt = (forking: Promise<LaunchedProcess>) => this.#adopt(forking);
    const guestsMax = limits.processesMax + limits.sparesMax;
    return new ForkedGuests({ ...language.forkServer, launcher, clock, guestsMax, adopt, start });
  }

  /** What would begin while it closes nobody would wait for. */
  async #start({ key: _key, setup: _setup, ...boot }: GuestBoot): Promise<Guest> {
    if (this.#closed) throw shuttingDown();
    return this.#adopt(this.#launcher.launch({ ...boot, channel: true }));
  }

  async #adopt(launching: Promise<LaunchedProcess>): Promise<Guest> {
    const { limits, clock } = this.#options;
    const starting = Guest.in(launching, limits, clock);
    this.#starting.add(starting);
    try {
      const guest = await starting;
      this.#guests.add(guest);
      void guest.gone.then(() => this.#guests.delete(guest));
      if (this.#closed) guest.kill();
      return guest;
    } finally {
      this.#starting.delete(starting);
    }
  }

  #retire(): void {
    const { idleInstanceMs } = this.#options.limits;
    this.pool.retire(idleInstanceMs);
    this.#supply.retire(idleInstanceMs);
  }

  #tickMs(): number {
    return Math.max(50, Math.min(5000, this.#options.limits.idleInstanceMs / 4));
  }
}
