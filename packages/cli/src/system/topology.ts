import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, processTree, type RoleProcess, startRelais } from './role-process.js';
import { eventually } from './wait.js';

/** A running platform, whatever its processes are. */
export interface Platform {
  /** Of the gateway, without a trailing slash. */
  readonly url: string;
  /** Data directory; survives `killEverything`. */
  readonly data: string;
  readonly workers: number;
  /** HOST:PORT of every process that shows its metrics. */
  readonly metricsAddresses: readonly string[];
  /** Its processes, by what each runs, in the order of their start. */
  readonly roles: readonly string[];
  pidOf(role: string): number;
  /** SIGTERM, or another signal, to one process and, when it has ended, a new one in its place at the same addresses. */
  restart(role: string, signal?: NodeJS.Signals): Promise<void>;
  /** Logs of all its processes. */
  log(): string;
  /** SIGKILL to every process at once, workers and their children included. */
  killEverything(): Promise<void>;
  /** SIGTERM in the order a person would; resolves with the exit codes. */
  stop(): Promise<(number | null)[]>;
}

export interface StartOptions {
  /** Reused after a kill; a new temporary folder when absent. */
  readonly data?: string;
  /** Collector for spans; none when absent. */
  readonly otlpUrl?: string;
  /** More flags of the process that runs the gateway. */
  readonly gatewayFlags?: readonly string[];
  /** More flags of every process. */
  readonly flags?: readonly string[];
  /** Where all in one looks for toolchains; that of the tests when absent. */
  readonly path?: string;
}

export interface Topology {
  readonly name: string;
  start(options?: StartOptions): Promise<Platform>;
}

const workers = 4;

export const allInOne: Topology = {
  name: 'all in one',
  async start(options = {}) {
    const data = options.data ?? mkdtempSync(join(tmpdir(), 'relais-system-'));
    const { gatewayFlags = [] } = options;
    const flags = ['--data', data, ...watching(options), ...gatewayFlags];
    const process = await startRelais(['--port', '0', ...flags], options.path);
    const url = urlOf(process);
    return platformOf(url, data, [{ role: 'all', process, again: [...portOf(url), ...flags] }]);
  },
};

export const fourRoles: Topology = {
  name: 'every role its own process over TCP',
  async start(options = {}) {
    const data = options.data ?? mkdtempSync(join(tmpdir(), 'relais-system-'));
    const common = ['--cluster-token', 'system-test-token', ...watching(options)];
    const listen = '127.0.0.1:0';
    const { gatewayFlags = [] } = options;
    const kept = ['--roles', 'storage', '--data', data, ...common];
    const central = ['--roles', 'balancer', ...common];
    const [storage, balancer] = await Promise.all([
      startRelais([...kept, '--storage-listen', listen]),
      startRelais([...central, '--balancer-listen', listen]),
    ]);
    const storageAt = addressOf(storage, 'storage');
    const balancerAt = addressOf(balancer, 'balancer');
    const peers = ['--storage', storageAt, '--balancer', balancerAt, ...common];
    const running = ['--roles', 'worker', ...peers];
    const edge = ['--roles', 'gateway', ...peers, ...gatewayFlags];
    const [worker, gateway] = await Promise.all([startRelais(running), startRelais([...edge, '--port', '0'])]);
    const url = urlOf(gateway);
    return platformOf(url, data, [
      { role: 'storage', process: storage, again: [...kept, '--storage-listen', storageAt] },
      { role: 'balancer', process: balancer, again: [...central, '--balancer-listen', balancerAt] },
      { role: 'worker', process: worker, again: running },
      { role: 'gateway', process: gateway, again: [...edge, ...portOf(url)] },
    ]);
  },
};

/** Removes a data directory that a scenario kept. */
export function removeData(data: string): void {
  rmSync(data, { recursive: true, force: true });
}

/** One process of a platform. */
interface Part {
  readonly role: string;
  process: RoleProcess;
  /** Flags that start it again at the same addresses. */
  readonly again: readonly string[];
}

function platformOf(url: string, data: string, parts: readonly Part[]): Platform {
  let endedLog = '';
  const partOf = (role: string) => {
    const part = parts.find((each) => each.role === role);
    if (!part) throw new Error(`no process runs ${role}`);
    return part;
  };
  return {
    url,
    data,
    workers,
    metricsAddresses: parts.map(({ process }) => addressOf(process, 'metrics')),
    roles: parts.map(({ role }) => role),
    pidOf: (role) => partOf(role).process.pid,
    async restart(role, signal = 'SIGTERM') {
      const part = partOf(role);
      part.process.signal(signal);
      await part.process.exited;
      endedLog += part.process.log();
      part.process = await startRelais(part.again);
    },
    log: () => [endedLog, ...parts.map(({ process }) => process.log())].join('\n'),
    async killEverything() {
      const pids = parts.flatMap(({ process }) => processTree(process.pid));
      for (const pid of pids) tryKill(pid);
      await eventually('every process is gone', async () => pids.every((pid) => !isAlive(pid)));
    },
    async stop() {
      const pids = parts.flatMap(({ process }) => processTree(process.pid));
      const codes: (number | null)[] = [];
      for (const { process } of [...parts].reverse()) {
        process.signal('SIGTERM');
        codes.push(await process.exited);
      }
      await eventually('no process is left behind', async () => pids.every((pid) => !isAlive(pid)));
      return codes;
    },
  };
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already gone with its parent.
  }
}

function watching({ flags = [], otlpUrl }: StartOptions): string[] {
  const tracing = ['--otlp-url', otlpUrl ?? '', '--otlp-protocol', 'http', '--trace-sample-ratio', '1'];
  return ['--metrics-listen', '127.0.0.1:0', ...(otlpUrl ? tracing : []), ...flags];
}

function urlOf(process: RoleProcess): string {
  return /http:\/\/[\d.]+:\d+/.exec(process.ready)?.[0] ?? '';
}

function portOf(url: string): string[] {
  return ['--port', new URL(url).port];
}

function addressOf(process: RoleProcess, role: string): string {
  return new RegExp(`${role}=(\\S+)`).exec(process.ready)?.[1] ?? '';
}
