import { readdirSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { type BuildOutcome, FunctionConfig, FunctionVersion, type HttpRequest } from '@relais/contracts';
import { RelaisError, systemClock } from '@relais/kit';
import { defaultRuntimeLimits, type RuntimeLimits } from '../limits.js';
import type { Call, CallOutcome, LoadedFunction, Runtime } from '../runtime.js';

/** A source as text, as bytes, or made when first needed (a module that must be compiled). */
export type FixtureSource = string | Uint8Array | (() => Promise<Uint8Array>);

export const conformanceBudgetMs = 60_000;

/** The limits every conformance runtime is made with: small logs, so that a fixture can exceed them quickly. */
export const conformanceLimits: RuntimeLimits = { ...defaultRuntimeLimits, logBytesMax: 4096, processesMax: 4 };

/** One call of a test: everything has a default. */
export interface TestCall {
  readonly payload?: Uint8Array | string;
  readonly jobId?: number;
  readonly invocationId?: string;
  readonly budgetMs?: number;
  readonly http?: HttpRequest;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly begun?: () => void;
}

/** A version built and loaded for a test. */
export interface TestFunction {
  readonly version: FunctionVersion;
  readonly built: BuildOutcome;
  readonly loaded: LoadedFunction;
  call(options?: TestCall): Promise<CallOutcome>;
}

let lastJobId = 0;

/** A call as a worker would make it; a fresh job id unless given. */
export function testCall(options: TestCall = {}): Call {
  const budgetMs = options.budgetMs ?? conformanceBudgetMs;
  lastJobId += 1;
  return {
    jobId: options.jobId ?? lastJobId,
    invocationId: options.invocationId ?? `inv-${lastJobId}`,
    payload: typeof options.payload === 'string' ? Buffer.from(options.payload) : (options.payload ?? Buffer.alloc(0)),
    deadlineMs: systemClock.nowMs() + budgetMs,
    budgetMs,
    traceparent: options.traceparent ?? '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    attempt: 1,
    begun: options.begun ?? (() => {}),
    ...(options.tracestate === undefined ? {} : { tracestate: options.tracestate }),
    ...(options.http ? { http: options.http } : {}),
    ...(options.secrets ? { secrets: options.secrets } : {}),
  };
}

export async function sourceBytes(source: FixtureSource): Promise<Buffer> {
  if (typeof source === 'function') return Buffer.from(await source());
  return Buffer.from(source);
}

/** Builds and loads a source the way deploy and first call do. */
export async function deployForTest(
  runtime: Runtime,
  filename: string,
  source: FixtureSource,
  config: Partial<FunctionConfig> = {},
): Promise<TestFunction> {
  const bytes = await sourceBytes(source);
  const fullConfig = FunctionConfig.fromPartial({ timeoutMs: 30_000, memoryMb: 128, ...config });
  const built = await runtime.build({ source: bytes, filename, config: fullConfig }, conformanceBudgetMs);
  const version = FunctionVersion.fromPartial({
    id: 'probe_1700000000',
    name: 'probe',
    version: 1,
    lang: runtime.lang,
    wasm: built.wasm,
    form: built.form,
    filename,
    config: fullConfig,
    sourceBytes: bytes.length,
  });
  const loaded = await runtime.load(version, built.artifact.length > 0 ? built.artifact : bytes);
  return { version, built, loaded, call: async (options) => loaded.invoke(testCall(options)) };
}

/** The failure of an outcome; fails the test when the call went well. */
export function failureOf(outcome: CallOutcome): RelaisError {
  if (outcome.result.ok) throw new Error(`expected a failure, got output of ${outcome.result.output.length} bytes`);
  return outcome.result.error;
}

/** The output of an outcome; fails the test with the failure when the call went badly. */
export function outputOf(outcome: CallOutcome): Buffer {
  if (!outcome.result.ok)
    throw new Error(`call failed: ${describeFailure(outcome.result.error)}; logs: ${outcome.logs}`);
  return Buffer.from(outcome.result.output);
}

function describeFailure(error: RelaisError): string {
  const { cause, ...fields } = error.fields;
  return `${error.code}: ${error.message} ${JSON.stringify(fields)} ${cause ? String(cause) : ''}`;
}

/** What a promise rejects with; fails the test when it resolves or rejects with anything but a RelaisError. */
export async function rejectionOf(promise: Promise<unknown>): Promise<RelaisError> {
  try {
    await promise;
  } catch (error) {
    if (RelaisError.is(error)) return error;
    throw error;
  }
  throw new Error('expected a rejection');
}

/** Whether a text gives away a path of this machine. */
export function namesHostPath(text: string): boolean {
  return [process.cwd(), tmpdir(), homedir(), 'node_modules', 'file://'].some(
    (path) => path !== '/' && text.includes(path),
  );
}

/** What other test files of this process have left is not this one's. */
const foreignPids = allDescendants();

/** Every process that descends from this one and was not there when the test file began, found in /proc; no zombies. */
export function descendantPids(): Set<number> {
  return new Set([...allDescendants()].filter((pid) => !foreignPids.has(pid)));
}

function allDescendants(): Set<number> {
  const parentOf = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentPid(name);
    if (parent !== undefined) parentOf.set(Number(name), parent);
  }
  const found = new Set<number>();
  for (const pid of parentOf.keys()) {
    if (descendsFrom(pid, process.pid, parentOf)) found.add(pid);
  }
  return found;
}

function parentPid(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

function descendsFrom(pid: number, ancestor: number, parentOf: ReadonlyMap<number, number>): boolean {
  for (let parent = parentOf.get(pid); parent !== undefined && parent > 0; parent = parentOf.get(parent)) {
    if (parent === ancestor) return true;
  }
  return false;
}

/** Resolves once the condition holds; rejects, naming what was waited for, after the deadline. */
export async function until(what: string, condition: () => boolean, withinMs = 10_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited ${withinMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
