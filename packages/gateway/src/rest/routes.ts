import type { Need, Scope } from '../access/needs.js';
import { ok, type RestAnswer } from './answer.js';
import type { RestCall, RestHandler, RestShared } from './call.js';
import { deleteFunction, deploy, getFunction, listFunctions } from './functions.js';
import { invoke } from './invoke.js';
import { metrics } from './metrics.js';
import { healthz, languages, readyz } from './probes.js';
import { sendSpans } from './send-spans.js';
import { getTrace, listTraces } from './traces.js';
import { trigger } from './trigger.js';

/** One path of the REST contract. */
export interface RestRoute {
  /** The path with its placeholders; names the route in spans. */
  readonly label: string;
  /** Upper-case methods. ANY: every method. HEAD is served wherever GET is. */
  readonly methods: Readonly<Record<string, RestHandler>>;
  /** What a request needs of its key, whatever its method or by method. */
  readonly need: Need | Readonly<Record<string, Need>>;
  /** Its requests begin no trace: they are about traces. */
  readonly untraced?: boolean;
}

const invokeRoute: RestRoute = { label: '/invoke', methods: { POST: invoke }, need: 'invoke' };
const triggerRoute: RestRoute = { label: '/fn/{function}', methods: { ANY: trigger }, need: 'trigger' };
const functionRoute: RestRoute = {
  label: '/function/{function}',
  methods: { GET: getFunction, DELETE: deleteFunction },
  need: { GET: 'read', DELETE: 'deploy' },
};

const traceRoute: RestRoute = { label: '/traces/{id}', methods: { GET: getTrace }, need: 'read' };

const exactRoutes = new Map<string, RestRoute>([
  ['/invoke', invokeRoute],
  ['/deploy', { label: '/deploy', methods: { POST: deploy, PUT: deploy }, need: 'deploy' }],
  ['/functions', { label: '/functions', methods: { GET: listFunctions }, need: 'read' }],
  ['/healthz', { label: '/healthz', methods: { GET: healthz }, need: 'nothing' }],
  ['/readyz', { label: '/readyz', methods: { GET: readyz }, need: 'nothing' }],
  ['/traces', { label: '/traces', methods: { GET: listTraces }, need: 'read' }],
  ['/v1/traces', { label: '/v1/traces', methods: { POST: sendSpans }, need: 'invoke', untraced: true }],
  ['/metrics', { label: '/metrics', methods: { GET: metrics }, need: 'read' }],
  ['/languages', { label: '/languages', methods: { GET: languages }, need: 'any' }],
  ['/', { label: '/', methods: { GET: index }, need: 'nothing' }],
]);

const rpc = 'relais.v1 over Connect, gRPC and gRPC-Web, with server reflection';

/** GET /: what there is. */
async function index(_call: RestCall, { version }: RestShared): Promise<RestAnswer> {
  const routes = [...exactRoutes.values(), functionRoute, traceRoute, triggerRoute];
  const endpoints = routes.map(({ label, methods }) => `${Object.keys(methods).join('|')} ${label}`);
  return ok({ name: 'relais', version, endpoints, rpc });
}

/** The route of a path; undefined when there is none. */
export function routeOf(path: string): RestRoute | undefined {
  // Most requests by far; a comparison is cheaper than a hash.
  if (path === '/invoke') return invokeRoute;
  const exact = exactRoutes.get(path);
  if (exact) return exact;
  if (path.startsWith('/fn/')) return triggerRoute;
  if (path.startsWith('/traces/')) return traceRoute;
  return path.startsWith('/function/') ? functionRoute : undefined;
}

/** What a request needs of its key. One that will only be told what there is needs any key. */
export function needOfPath(path: string, method: string): Need {
  const need = routeOf(path)?.need ?? 'any';
  if (typeof need === 'string' || isList(need)) return need;
  return need[method === 'HEAD' ? 'GET' : method] ?? 'any';
}

function isList(need: RestRoute['need']): need is readonly Scope[] {
  return Array.isArray(need);
}
