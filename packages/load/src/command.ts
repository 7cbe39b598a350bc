import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { checkPlan, type Plan, PlanError, type PlanInput, protocolNames } from './plan/plan.js';
import { htmlReport } from './report/html.js';
import { type RunSummary, summarise } from './report/summary.js';
import { progressLine, textReport } from './report/text.js';
import type { SecondReport } from './run/recorder.js';
import { inject } from './threads/injector.js';
import { fetchHops } from './traces/fetch-hops.js';

const urlDefault = 'http://127.0.0.1:8080';

/** What the injector says of itself. */
export const loadHelp = `Sends calls and tells the truth about how long they took.

  relais bench FUNCTION [CLIENTS] [REQUESTS_EACH]   closed loop; 10 clients and 100 requests each by default
  relais bench FUNCTION --clients 32 --seconds 10   closed loop for a time
  relais bench FUNCTION --rate 500 --seconds 10     open loop; latency counts from the intended start
  relais bench --plan FILE                          several functions, weights, phases, budgets; see docs/load.md

Options
  --url URL            server, default ${urlDefault}
  --key KEY            sent as a bearer token
  --protocol NAME      ${protocolNames.join(', ')}; default rest
  --payload TEXT       default {"input":"test"}
  --arrivals KIND      poisson (default) or constant, with --rate
  --connections N      connections of an open loop, default 256
  --threads N          threads that send, default one per processor
  --trace-ratio R      share of the calls that begin a sampled trace, default 0.01
  --seed N             decides the mix and the arrivals, default 1
  --p99-ms-max MS      fail when the 99th percentile is above
  --error-ratio-max R  fail when more of the calls fail
  --json               print the summary as JSON
  --html FILE          write a report with plots

Beside a plan the options go before what it says, except those of its targets and phases: FUNCTION, --protocol,
--payload, --clients, --seconds, --rate and --arrivals are refused.

Exit code: 0 when every budget holds, 1 when one does not or no call of a function went well, 2 when the arguments cannot be used.`;

/** How the injector talks to whoever started it. */
export interface LoadSurroundings {
  /** The answer. */
  readonly print: (text: string) => void;
  /** Progress and mistakes. */
  readonly note: (text: string) => void;
  /** Used where no option says otherwise. */
  readonly url?: string;
  readonly key?: string;
}

const options = {
  url: { type: 'string' },
  key: { type: 'string' },
  protocol: { type: 'string' },
  payload: { type: 'string' },
  clients: { type: 'string' },
  seconds: { type: 'string' },
  rate: { type: 'string' },
  arrivals: { type: 'string' },
  connections: { type: 'string' },
  threads: { type: 'string' },
  'trace-ratio': { type: 'string' },
  seed: { type: 'string' },
  'p99-ms-max': { type: 'string' },
  'error-ratio-max': { type: 'string' },
  plan: { type: 'string' },
  html: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parse>['values'];

/** Runs the injector from arguments; resolves with the exit code. Rejects only for what is a defect of its own. */
export async function loadCommand(argv: readonly string[], surroundings: LoadSurroundings): Promise<number> {
  try {
    const { positionals, values } = parse(argv);
    if (values.help || (positionals.length === 0 && values.plan === undefined)) {
      surroundings.print(loadHelp);
      return values.help ? 0 : 2;
    }
    const plan = checkPlan(
      values.plan === undefined
        ? planOf(positionals, values, surroundings)
        : await planIn(values.plan, positionals, values, surroundings),
    );
    return await run(plan, values, surroundings);
  } catch (error) {
    const mistake = mistakeOf(error);
    if (mistake === undefined) throw error;
    surroundings.note(`${mistake}\nSee --help.`);
    return 2;
  }
}

async function run(plan: Plan, values: Values, { note, print }: LoadSurroundings): Promise<number> {
  const summary = await withHops(plan, summarise(plan, await inject(plan, progress(note))));
  print(values.json ? JSON.stringify(summary, null, 2) : textReport(summary));
  if (values.html !== undefined) {
    await writeFile(values.html, htmlReport(summary));
    note(`wrote ${values.html}`);
  }
  return summary.passed ? 0 : 1;
}

/** Adds where the time went, as the traces that the calls began tell it. */
async function withHops({ key, targets, url }: Plan, summary: RunSummary): Promise<RunSummary> {
  if (targets.every(({ protocol }) => protocol === 'http')) return summary;
  const phases = [];
  for (const phase of summary.phases) {
    const hops = await fetchHops(url, key, phase.sampledTraces);
    phases.push(hops ? { ...phase, hops } : phase);
  }
  return { ...summary, phases };
}

/** A line a second, once the reports of the next second begin. */
function progress(note: (text: string) => void): (phase: number, report: SecondReport) => void {
  let pending: SecondReport[] = [];
  return (phase, report) => {
    if (pending[0] && pending[0].second !== report.second) {
      note(progressLine(phase, pending));
      pending = [];
    }
    pending.push(report);
  };
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options, allowPositionals: true });
}

function planOf(positionals: readonly string[], values: Values, { key, url }: LoadSurroundings): unknown {
  const [fn, clients = '10', requestsEach = '100', ...rest] = positionals;
  if (rest.length > 0) throw new PlanError(`too many arguments: ${rest.join(' ')}`);
  const clientCount = numberOf('clients', values.clients ?? clients);
  const seconds = values.seconds === undefined ? undefined : numberOf('--seconds', values.seconds);
  const rate = values.rate === undefined ? undefined : numberOf('--rate', values.rate);
  const closed =
    seconds === undefined
      ? { loop: 'closed', clients: clientCount, requests: clientCount * numberOf('requests', requestsEach) }
      : { loop: 'closed', clients: clientCount, seconds };
  const open = { loop: 'open', ratePerSecond: rate, seconds: seconds ?? 10, ...given('arrivals', values.arrivals) };
  return {
    url: url ?? urlDefault,
    ...given('key', key),
    targets: [{ function: fn, payload: values.payload ?? '{"input":"test"}', ...given('protocol', values.protocol) }],
    phases: [rate === undefined ? closed : open],
    ...common(values),
    budget: budgetOf(values),
  };
}

/** What targets and phases say: beside a plan that has its own there is no telling which of them is meant. */
const notBesidePlan = ['protocol', 'payload', 'clients', 'seconds', 'rate', 'arrivals'] as const;

/** A plan in a file; what is given on the command line goes before it. Throws PlanError for what a plan says itself. */
async function planIn(
  path: string,
  positionals: readonly string[],
  values: Values,
  { key, url }: LoadSurroundings,
): Promise<PlanInput> {
  const flags = notBesidePlan.filter((name) => values[name] !== undefined).map((name) => `--${name}`);
  const said = [...positionals, ...flags].join(', ');
  if (said !== '') {
    throw new PlanError(
      `${said} cannot be used with --plan: the targets and phases in ${path} say it. Change them there.`,
    );
  }
  let read: unknown;
  try {
    read = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new PlanError(`cannot read the plan ${path}: ${error instanceof Error ? error.message : error}`);
  }
  const own = typeof read === 'object' && read !== null ? read : {};
  const plan = checkPlan({ url: url ?? urlDefault, ...given('key', key), ...own });
  return { ...plan, ...common(values), budget: { ...plan.budget, ...budgetOf(values) } };
}

/** What the command line says of any plan. */
function common(values: Values): Partial<PlanInput> {
  return {
    ...given('url', values.url),
    ...given('key', values.key),
    ...number('threads', '--threads', values.threads),
    ...number('seed', '--seed', values.seed),
    ...number('connectionsMax', '--connections', values.connections),
    ...number('traceRatio', '--trace-ratio', values['trace-ratio']),
  };
}

function budgetOf(values: Values): PlanInput['budget'] {
  return {
    ...number('p99MsMax', '--p99-ms-max', values['p99-ms-max']),
    ...number('errorRatioMax', '--error-ratio-max', values['error-ratio-max']),
  };
}

/** What the user did wrong; undefined for anything else. */
function mistakeOf(error: unknown): string | undefined {
  if (error instanceof PlanError) return error.message;
  const { code, message } = error as { code?: unknown; message?: string };
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS') ? message : undefined;
}

function given(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}

function number(name: string, flag: string, value: string | undefined): Record<string, number> {
  return value === undefined ? {} : { [name]: numberOf(flag, value) };
}

function numberOf(what: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new PlanError(`${what} must be a number, not "${text}"`);
  return value;
}
