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
    const flags = ['--port', '0', '--data', data, ...watching(options), ...gatewayFlags];
    const process = await startRelais(flags, options.path);
    return platformOf(urlOf(process), data, [process]);
  },
};

export const fourRoles: Topology = {
  name: 'every role its own process over TCP',
  async start(options = {}) {
    const data = options.data ?? mkdtempSync(join(tmpdir(), 'relais-system-'));
    const common = ['--cluster-token', 'system-test-token', ...watching(options)];
    const listen = '127.0.0.1:0';
    const storage = await startRelais(['--roles', 'storage', '--storage-listen', listen, '--data', data, ...common]);
    const storageAt = ['--storage', addressOf(storage, 'storage')];
    const balancer = await startRelais(['--roles', 'balancer', '--balancer-listen', listen, ...common]);
    const peers = [...storageAt, '--balancer', addressOf(balancer, 'balancer'), ...common];
    const worker = await startRelais(['--roles', 'worker', ...peers]);
    const { gatewayFlags = [] } = options;
    const gateway = await startRelais(['--roles', 'gateway', '--port', '0', ...peers, ...gatewayFlags]);
    return platformOf(urlOf(gateway), data, [storage, balancer, worker, gateway]);
  },
};

/** Removes a data directory that a scenario kept. */
export function removeData(data: string): void {
  rmSync(data, { recursive: true, force: true });
}

function platformOf(url: string, data: string, processes: readonly RoleProcess[]): Platform {
  return {
    url,
    data,
    workers,
    metricsAddresses: processes.map((process) => addressOf(process, 'metrics')),
    log: () => processes.map((process) => process.log()).join('\n'),
    async killEverything() {
      const pids = processes.flatMap((process) => processTree(process.pid));
      for (const pid of pids) tryKill(pid);
      await eventually('every process is gone', async () => pids.every((pid) => !isAlive(pid)));
    },
    async stop() {
      const pids = processes.flatMap((process) => processTree(process.pid));
      const codes: (number | null)[] = [];
      for (const process of [...processes].reverse()) {
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

function watching({ otlpUrl }: StartOptions): string[] {
  const tracing = ['--otlp-url', otlpUrl ?? '', '--otlp-protocol', 'http', '--trace-sample-ratio', '1'];
  return ['--metrics-listen', '127.0.0.1:0', ...(otlpUrl ? tracing : [])];
}

function urlOf(process: RoleProcess): string {
  return /http:\/\/[\d.]+:\d+/.exec(process.ready)?.[0] ?? '';
}

function addressOf(process: RoleProcess, role: string): string {
  return new RegExp(`${role}=(\\S+)`).exec(process.ready)?.[1] ?? '';
}
