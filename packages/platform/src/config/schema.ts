import { strategyNames } from '@relais/balancer';
import { type ConfigOf, defineConfig } from '@relais/kit';
import { sandboxNames, sandboxTiers } from '@relais/worker';

export const roleNames = ['gateway', 'balancer', 'storage', 'worker'] as const;

/** Every key of `relais up`. Bounds are inclusive; nothing is unbounded. */
export const platformSchema = defineConfig({
  roles: {
    kind: 'list',
    values: roleNames,
    default: roleNames,
    min: 1,
    max: 4,
    describe: 'Roles this process runs; the others are reached over the network.',
  },
  host: { kind: 'string', default: '127.0.0.1', min: 1, max: 255, describe: 'Address the gateway listens on.' },
  port: {
    kind: 'int',
    default: 8080,
    min: 0,
    max: 65_535,
    alias: 'p',
    describe: 'Port the gateway listens on; 0 takes a free one.',
  },
  publicHosts: {
    kind: 'list',
    default: [],
    describe:
      'Names the gateway answers to beside localhost and IP addresses, as NAME or NAME:PORT; requests for other hosts are refused.',
  },
  keys: {
    kind: 'enum',
    values: ['auto', 'on', 'off'],
    default: 'auto',
    describe: 'Whether requests need API keys; auto asks for them when host is not a loopback address.',
  },
  adminKey: {
    kind: 'string',
    default: '',
    secret: true,
    describe: 'A key of scope admin that is valid beside those in storage: "rlk_" and at least 32 more characters.',
  },
  tlsCert: {
    kind: 'string',
    default: '',
    describe: 'PEM file with the certificate chain of the gateway, which then speaks TLS; read anew when it changes.',
  },
  tlsKey: {
    kind: 'string',
    default: '',
    describe: 'PEM file with the private key of tlsCert; others may have no rights to it.',
  },
  secretsKeyFile: {
    kind: 'string',
    default: '',
    describe:
      "File with the key that secrets are sealed with, outside of data and for its owner alone; made with the first secret. Default: relais/secrets.key in the user's configuration folder.",
  },
  secretsKey: {
    kind: 'string',
    default: '',
    secret: true,
    describe: 'That key itself, in place of a file: 64 hexadecimal digits, or base64 of 32 bytes.',
  },
  data: {
    kind: 'string',
    default: '.relais',
    min: 1,
    describe: 'Directory in which storage keeps its database and compilers their caches.',
  },
  workers: {
    kind: 'int',
    default: 4,
    min: 2,
    max: 64,
    describe: 'Worker processes to start with: half of them for WASM, rounded up, the rest for native languages.',
  },
  workersMin: {
    kind: 'int',
    default: 64,
    min: 0,
    max: 64,
    describe:
      'How many of those are kept without work, halved in the same way; the others end after workersIdleMs and come back with calls. With 0 the first call waits for a worker to start. More than workers: all.',
  },
  workersIdleMs: {
    kind: 'int',
    default: 60_000,
    min: 1000,
    max: 3_600_000,
    describe: 'How long fewer workers must have done before one ends that need not be kept.',
  },
  workersExtraMax: {
    kind: 'int',
    default: 4,
    min: 0,
    max: 32,
    describe: 'Workers of each kind, WASM and native, that load may add on a host; they go when it is over.',
  },
  strategy: { kind: 'enum', values: strategyNames, default: 'affinity', describe: 'How jobs are given to workers.' },
  slotsInline: {
    kind: 'int',
    default: 32,
    min: 1,
    max: 1024,
    describe: 'Jobs a worker that runs WASM may have at once; they run one after the other.',
  },
  slotsProcesses: {
    kind: 'int',
    default: 8,
    min: 1,
    max: 256,
    describe:
      'Jobs a worker of native languages may have at once; each runs in a process of its own. Of eight, four are left for calls of known length, and two of those for short ones.',
  },
  workerWeight: {
    kind: 'number',
    default: 1,
    min: 0.01,
    max: 1000,
    describe: 'Share of the work the workers of this machine get beside those of others, by the strategy "weighted".',
  },
  queueLengthMax: {
    kind: 'int',
    default: 256,
    min: 1,
    max: 100_000,
    describe:
      'Waiting calls of one function; beyond it, or 16 times that where they leave within a second, callers are refused.',
  },
  streamBytesMax: {
    kind: 'int',
    default: 1024 * 1024 * 1024,
    min: 1024,
    max: 1024 ** 4,
    describe: 'Output of one call that streams, bytes; beyond it the call is aborted.',
  },
  balancerListen: {
    kind: 'string',
    default: '',
    describe: 'HOST:PORT on which the balancer serves gateways and workers of other machines.',
  },
  storageListen: {
    kind: 'string',
    default: '',
    describe: 'HOST:PORT on which storage serves gateways and workers of other machines.',
  },
  balancer: { kind: 'string', default: '', describe: 'HOST:PORT of a balancer that runs elsewhere.' },
  storage: { kind: 'string', default: '', describe: 'HOST:PORT of a storage that runs elsewhere.' },
  clusterToken: {
    kind: 'string',
    default: '',
    secret: true,
    describe: 'Shared secret of all roles; needed to listen beyond loopback.',
  },
  sandbox: {
    kind: 'enum',
    values: ['auto', ...sandboxNames],
    default: 'auto',
    describe: 'What native functions and compilers run in; auto takes the strongest that works on this machine.',
  },
  requireSandbox: {
    kind: 'enum',
    values: sandboxTiers,
    default: 'T0',
    describe: 'Weakest sandbox to start with: T0 none, T2 namespaces, T3 namespaces and control groups.',
  },
  networkHost: {
    kind: 'enum',
    values: ['refuse', 'allow'],
    default: 'refuse',
    describe: 'Whether functions may be deployed with network=host, which lets them reach hosts they do not name.',
  },
  drainMs: {
    kind: 'int',
    default: 30_000,
    min: 0,
    max: 900_000,
    describe: 'How long a stop waits for what is running.',
  },
  logLevel: {
    kind: 'enum',
    values: ['debug', 'info', 'warn', 'error'],
    default: 'warn',
    describe: 'Least severe line that is logged.',
  },
  accessLog: {
    kind: 'enum',
    values: ['off', 'failed', 'all'],
    default: 'all',
    describe: 'Calls that get a line in the log: a warning when they fail, else info, which logLevel may leave out.',
  },
  otlpUrl: {
    kind: 'string',
    default: '',
    describe: 'Collector that takes spans by OTLP, for example http://127.0.0.1:4318.',
  },
  otlpProtocol: {
    kind: 'enum',
    values: ['grpc', 'http'],
    default: 'http',
    describe: 'How the collector is spoken to.',
  },
  metricsListen: {
    kind: 'string',
    default: '',
    describe: 'HOST:PORT on which this process shows its metrics; a gateway shows them on its own port too.',
  },
  metricSeriesMax: {
    kind: 'int',
    default: 1000,
    min: 10,
    max: 100_000,
    describe: 'Series of one metric; further functions are counted together as "other".',
  },
  traceSampleRatio: {
    kind: 'number',
    default: 1,
    min: 0,
    max: 1,
    describe: 'Share of the traces kept that begin here. Failed and slow calls are kept whatever it is.',
  },
  tracesPerSecondMax: {
    kind: 'int',
    default: 100,
    min: 1,
    max: 1_000_000,
    describe: 'Traces that begin here and are sampled, each second.',
  },
  traceSlowMs: {
    kind: 'int',
    default: 1000,
    min: 1,
    max: 900_000,
    describe: 'A call that takes as long has its trace kept, sampled or not.',
  },
  traceStoreMb: {
    kind: 'int',
    default: 32,
    min: 1,
    max: 4096,
    describe: 'Memory for the newest traces, which a gateway keeps.',
  },
});

export type PlatformConfig = ConfigOf<typeof platformSchema>;
