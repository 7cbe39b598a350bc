import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCommand } from './command.js';
import type { RunSummary } from './report/summary.js';
import { startTargetServer, type TargetServer } from './testing/target-server.js';

let target: TargetServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'relais-load-'));
  target = await startTargetServer((response, body) => {
    response.statusCode = body === 'fail' ? 502 : 200;
    response.end(body === 'fail' ? '{"ok":false,"error":{"code":"aborted"}}' : 'ok');
  });
});

afterAll(async () => {
  await target.close();
  rmSync(folder, { recursive: true });
});

/** What came since, without the questions for traces. */
function callsSince(count: number) {
  return target.seen.slice(count).filter(({ path }) => path.startsWith('/invoke'));
}

async function load(...argv: string[]) {
  const printed: string[] = [];
  const noted: string[] = [];
  const surroundings = { print: (text: string) => printed.push(text), note: (text: string) => noted.push(text) };
  const code = await loadCommand([...argv, '--url', target.url], surroundings);
  return { code, printed: printed.join('\n'), noted: noted.join('\n') };
}

test('clients and requests each, as the first two numbers say', async () => {
  const before = target.seen.length;
  const { code, printed } = await load('hello', '3', '20', '--json');
  const { phases } = JSON.parse(printed) as RunSummary;
  expect([code, phases[0]?.calls, phases[0]?.failed]).toEqual([0, 60, 0]);
  const seen = callsSince(before);
  expect(seen).toHaveLength(60);
  expect(seen[0]).toMatchObject({ path: '/invoke?fn=hello', body: '{"input":"test"}' });
});

test('calls begin traces: all with an id, as many sampled as the ratio says', async () => {
  const before = target.seen.length;
  await load('hello', '1', '50', '--trace-ratio', '1', '--threads', '1');
  const parents = callsSince(before).map(({ headers }) => headers.traceparent);
  expect(parents).toHaveLength(50);
  expect(new Set(parents).size).toBe(50);
  for (const parent of parents) expect(parent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  await load('hello', '1', '5', '--trace-ratio', '0', '--threads', '1');
  expect(target.seen.slice(-5).map(({ headers }) => headers.traceparent)).toEqual(Array(5).fill(undefined));
});

test('failures are counted by code, and a budget they break fails the run', async () => {
  const { code, printed } = await load('hello', '2', '10', '--payload', 'fail', '--error-ratio-max', '0.1');
  expect(code).toBe(1);
  expect(printed).toContain('20 x aborted (hello)');
  expect(printed).toContain('FAIL  errorRatioMax 0.1: 1.00');
});

test('a function of which no call went well fails the run, unless a budget says that it may', async () => {
  const { code, printed } = await load('nobody', '2', '10', '--payload', 'fail');
  expect(code).toBe(1);
  expect(printed).toContain('FAIL  no call of nobody went well');
  const tolerant = await load('nobody', '2', '10', '--payload', 'fail', '--error-ratio-max', '1');
  expect(tolerant.code).toBe(0);
});

test('a plan in a file mixes targets by weight, in phases, and the report has plots', async () => {
  const plan = join(folder, 'plan.json');
  const html = join(folder, 'report.html');
  writeFileSync(
    plan,
    JSON.stringify({
      seed: 5,
      targets: [
        { function: 'often', weight: 3 },
        { function: 'seldom', weight: 1, payloadBytes: 100 },
      ],
      phases: [
        { loop: 'closed', clients: 4, requests: 400 },
        { loop: 'open', ratePerSecond: 200, seconds: 1, arrivals: 'constant' },
      ],
    }),
  );
  const { code, printed } = await load('--plan', plan, '--html', html, '--json');
  const { phases } = JSON.parse(printed) as RunSummary;
  expect(code).toBe(0);
  expect(phases.map(({ calls }) => calls)).toEqual([400, 200]);
  const [often = 0, seldom = 0] = phases[0]?.targets.map(({ calls }) => calls) ?? [];
  expect(often / seldom).toBeGreaterThan(2);
  const page = readFileSync(html, 'utf8');
  expect(page.match(/<svg/g)).toHaveLength(6);
  expect(page).toContain('Latency over time');
});

test('options beside a plan go before what it says, and what it says besides still holds', async () => {
  const plan = join(folder, 'budget.json');
  writeFileSync(
    plan,
    JSON.stringify({
      traceRatio: 0,
      targets: [{ function: 'hello', payload: 'fail' }],
      phases: [{ loop: 'open', ratePerSecond: 100, seconds: 0.2, arrivals: 'constant' }],
      budget: { errorRatioMax: 1, p99MsMax: 60_000 },
    }),
  );
  const before = target.seen.length;
  const flags = ['--p99-ms-max', '0.001', '--trace-ratio', '1', '--json'];
  const { code, printed } = await load('--plan', plan, ...flags);
  const { verdicts } = JSON.parse(printed) as RunSummary;
  expect(code).toBe(1);
  expect(verdicts.map(({ budget, limit, holds }) => [budget, limit, holds])).toEqual([
    ['p99MsMax', 0.001, false],
    ['errorRatioMax', 1, true],
  ]);
  const parents = callsSince(before).map(({ headers }) => headers.traceparent);
  expect(parents).toHaveLength(20);
  for (const parent of parents) expect(parent).toMatch(/-01$/);
  const { noted } = await load('--plan', plan, '--connections', '0');
  expect(noted).toContain('connectionsMax');
});

test('a server that cannot be reached fails every call and hangs none', async () => {
  const gone = await startTargetServer(() => {});
  await gone.close();
  const plan = join(folder, 'gone.json');
  const targets = [{ function: 'hello' }];
  writeFileSync(
    plan,
    JSON.stringify({ url: gone.url, targets, phases: [{ loop: 'closed', clients: 2, requests: 6 }] }),
  );
  const lines: string[] = [];
  const code = await loadCommand(['--plan', plan], { print: (text) => lines.push(text), note: () => {} });
  expect(code).toBe(1);
  expect(lines.join('\n')).toContain(`6 x connection (hello): nothing takes calls at ${gone.url}`);
});

test.each([
  [['hello', 'many'], 'clients must be a number'],
  [['hello', '--protocol', 'soap'], 'protocol'],
  [['hello', '--colour'], '--colour'],
  [['--plan', '/nonexistent.json'], 'cannot read the plan'],
  [['hello', '1', '1', '1'], 'too many arguments'],
  [['hello', '--plan', 'p.json', '--rate', '5'], 'hello, --rate cannot be used with --plan'],
])('%j is answered with what is wrong and exit code 2', async (argv, message) => {
  const { code, noted } = await load(...argv);
  expect(code).toBe(2);
  expect(noted).toContain(message);
  expect(noted).not.toMatch(/\n\s+at /);
});
