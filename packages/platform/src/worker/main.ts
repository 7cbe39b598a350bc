// The process a supervisor spawns: composes one worker from its spec and stays until told to go.

import { Socket } from 'node:net';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { ArtifactServiceService, BalancerServiceService } from '@relais/contracts';
import {
  addProcessMetrics,
  ComponentGroup,
  GrpcChannel,
  MetricRegistry,
  startTelemetry,
  systemClock,
} from '@relais/kit';
import {
  createRuntimes,
  findGroups,
  networkRules,
  noSandbox,
  openSandbox,
  parseTarget,
  RemoteThreads,
  type Sandbox,
  type SandboxName,
  Worker,
} from '@relais/worker';
import { logTo } from '../observability.js';
import { figuresFd, journalFd, threadsFd } from '../supervisor/worker-spec.js';
import { releaseVersion } from '../version.js';
import { closeInherited } from './close-inherited.js';
import { readSpec } from './read-spec.js';
import { tellFigures } from './tell-figures.js';

const functionsMax = 1000;
const loadedBytesMax = 1024 * 1024 * 1024;

closeInherited(threadsFd + 1);
const spec = await readSpec(process.stdin, () => process.exit(1));
if (spec.niceness > 0) setPriority(spec.niceness);
const logger = logTo(`worker ${spec.workerId}`, spec.logLevel);
const telemetry = await startTelemetry({
  serviceName: 'relais-worker',
  version: releaseVersion,
  // What ends here leaves with the results: a worker needs no way to a collector.
  exporter: undefined,
  traces: 'carry',
  sampleRatio: 0,
  logger,
});
const metrics = new MetricRegistry({ seriesMax: spec.metricSeriesMax });
addProcessMetrics(metrics);
tellFigures(metrics, figuresFd, systemClock);
const token = spec.clusterToken === '' ? {} : { token: spec.clusterToken };
const balancer = new GrpcChannel({ name: 'balancer', address: spec.balancerAddress, ...token });
const { carrier } = telemetry;
const storage = new GrpcChannel({ name: 'storage', address: spec.storageAddress, ...token, carrier });
const groups =
  spec.sandbox.tier === 'T3' && !spec.confined ? findGroups(process.pid, spec.workerId, systemClock) : undefined;
// Where it holds WASM itself it stands behind.
if (!spec.wasmOnly) groups?.standFirst();
const worker = new Worker({
  workerId: spec.workerId,
  host: spec.host,
  pid: spec.pid,
  sandbox: spec.sandbox,
  slots: spec.slots,
  weight: spec.weight,
  streamBytesMax: spec.streamBytesMax,
  runs: spec.runs,
  builds: spec.builds,
  runtimes: createRuntimes(new Set([...spec.runs, ...spec.builds]), {
    clock: systemClock,
    sandbox: await childSandbox(),
    groups,
    threadHost: spec.wasmOnly ? new RemoteThreads(new Socket({ fd: threadsFd }), threadsLost) : undefined,
    network: networkRules({
      anyHost: spec.networkHost,
      peers: [spec.balancerAddress, spec.storageAddress].flatMap((address) => parseTarget(address) ?? []),
    }),
    scratchDirectory: spec.scratchDirectory,
    cacheDirectory: spec.cacheDirectory,
    toolsDirectory: spec.toolsDirectory,
    // What it cannot start it need not look for.
    searchPath: spec.confined ? '' : (process.env.PATH ?? ''),
  }),
  dial: balancer.dial(BalancerServiceService, 'attach'),
  artifacts: storage.service(ArtifactServiceService),
  journalFd,
  functionsMax,
  loadedBytesMax,
  clock: systemClock,
  logger,
  tracer: telemetry.tracer('worker'),
  runtimeTracer: telemetry.tracer('runtime'),
  userTracer: telemetry.tracer('function'),
  random: Math.random,
  metrics,
  carrier,
});
const group = new ComponentGroup('worker process', [balancer, storage, worker]);

/** What it starts runs in. One that is in a sandbox itself starts nothing. */
async function childSandbox(): Promise<Sandbox> {
  if (spec.confined) return noSandbox;
  const directory = join(spec.scratchDirectory, 'sandbox');
  return openSandbox(spec.sandbox.name as SandboxName, { directory, searchPath: process.env.PATH ?? '' });
}

async function leave(): Promise<void> {
  await group.stop(spec.drainMs);
  await telemetry.shutdown();
  await groups?.close();
  process.exit(0);
}

let leaving = false;
function leaveOnce(): void {
  if (leaving) process.exit(1);
  leaving = true;
  void leave();
}

/** One that was to end and compiled on has ended its process, or that has used up its memory: the worker after this one has a new one. */
function threadsLost(): void {
  if (leaving) return;
  logger.warn({}, 'the process of long calls has ended: leaving to make a new start');
  leaveOnce();
}

process.on('SIGTERM', leaveOnce);
// Ctrl-C reaches the whole process group; it is the supervisor that says when to go.
process.on('SIGINT', () => {});

try {
  await group.start();
  void worker.drained().then(leaveOnce);
} catch (error) {
  // Told to leave while starting: that is no failure.
  if (!leaving) throw error;
}
