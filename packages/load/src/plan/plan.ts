import { z } from 'zod';

/** Bounds of a plan. */
export const planBounds = {
  clientsMax: 20_000,
  ratePerSecondMax: 1_000_000,
  phaseSecondsMax: 86_400,
  requestsMax: 1_000_000_000,
  targetsMax: 1000,
  phasesMax: 100,
  payloadBytesMax: 64 * 1024 * 1024,
  threadsMax: 64,
} as const;

export const protocolNames = ['rest', 'connect-json', 'connect-proto', 'grpc', 'http'] as const;
export type ProtocolName = (typeof protocolNames)[number];

const seconds = z.number().positive().max(planBounds.phaseSecondsMax);

/** What is called: a function of the platform, or for protocol "http" a path of any server. */
const targetSchema = z.strictObject({
  /** A function reference; for protocol "http" a path that begins with "/". */
  function: z.string().min(1).max(500),
  /** Share of the calls, relative to the other targets'. */
  weight: z.number().positive().max(1e6).default(1),
  protocol: z.enum(protocolNames).default('rest'),
  /** Sent as it is. Not together with payloadBytes. */
  payload: z.string().max(planBounds.payloadBytesMax).optional(),
  /** A payload of this many letters. */
  payloadBytes: z.int().min(0).max(planBounds.payloadBytesMax).optional(),
});

/** N clients, each of which sends its next call when it has the answer to the last. Ends after `seconds` or `requests`. */
const closedSchema = z
  .strictObject({
    loop: z.literal('closed'),
    clients: z.int().min(1).max(planBounds.clientsMax),
    seconds: seconds.optional(),
    /** Of all clients together. */
    requests: z.int().min(1).max(planBounds.requestsMax).optional(),
  })
  .refine((phase) => (phase.seconds === undefined) !== (phase.requests === undefined), {
    error: 'a closed phase needs either seconds or requests',
  });

/** Calls begin at their times whatever becomes of earlier ones; latency counts from the intended start. */
const openSchema = z.strictObject({
  loop: z.literal('open'),
  ratePerSecond: z.number().positive().max(planBounds.ratePerSecondMax),
  /** The rate changes evenly to this one by the end of the phase. */
  toRatePerSecond: z.number().positive().max(planBounds.ratePerSecondMax).optional(),
  arrivals: z.enum(['constant', 'poisson']).default('poisson'),
  seconds,
});

export const phaseSchema = z.union([closedSchema, openSchema]);

/** What must hold for a run to pass; what is absent is not judged. */
const budgetSchema = z.strictObject({
  p50MsMax: z.number().positive().optional(),
  p99MsMax: z.number().positive().optional(),
  errorRatioMax: z.number().min(0).max(1).optional(),
  requestsPerSecondMin: z.number().positive().optional(),
});

export const planSchema = z.strictObject({
  /** Base URL of the platform, or of any server for protocol "http". */
  url: z.url({ protocol: /^http$/ }),
  /** Sent as a bearer token. */
  key: z.string().max(500).optional(),
  /** Decides the mix, the arrivals and which traces are sampled; the same seed gives the same calls of as many threads. */
  seed: z
    .int()
    .min(0)
    .max(2 ** 31)
    .default(1),
  targets: z.array(targetSchema).min(1).max(planBounds.targetsMax),
  phases: z.array(phaseSchema).min(1).max(planBounds.phasesMax),
  /** Threads that send; 0: as many as the machine has processors, at most the clients. */
  threads: z.int().min(0).max(planBounds.threadsMax).default(0),
  /** Share of the calls that begin a sampled trace. */
  traceRatio: z.number().min(0).max(1).default(0.01),
  /** A call without an answer after this long counts as failed. */
  timeoutMs: z.int().min(1).max(3_600_000).default(60_000),
  /** Connections of an open loop over all threads; calls beyond wait, and the wait counts. */
  connectionsMax: z.int().min(1).max(planBounds.clientsMax).default(256),
  budget: budgetSchema.default({}),
});

export type Plan = z.infer<typeof planSchema>;
export type PlanInput = z.input<typeof planSchema>;
export type Phase = Plan['phases'][number];
export type ClosedPhase = z.infer<typeof closedSchema>;
export type OpenPhase = z.infer<typeof openSchema>;
export type Target = Plan['targets'][number];

/** A plan that cannot be used; the message lists every mistake. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}

/** Checks a plan and fills in the defaults. Throws PlanError. */
export function checkPlan(input: unknown): Plan {
  const parsed = planSchema.safeParse(input);
  if (parsed.success) {
    const both = parsed.data.targets.find(
      ({ payload, payloadBytes }) => payload !== undefined && payloadBytes !== undefined,
    );
    if (!both) return parsed.data;
    throw new PlanError(`target "${both.function}" has both payload and payloadBytes: leave one out`);
  }
  const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join('.') || 'the plan'}: ${message}`);
  throw new PlanError(['The plan has mistakes:', ...lines].join('\n'));
}
