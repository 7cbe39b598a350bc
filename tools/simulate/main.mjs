// npm run simulate -- [--workload skewed,mixed,crowded,tidal] [--strategies rr,fifo,…] [--workers 200] [--functions 1000]
//   [--jobs 200000] [--keep-alive-s 600] [--seed 1] [--cost] [--plots DIRECTORY] [--json]
// Drives the real balancer with simulated callers and workers on simulated time, once for each strategy and workload, and
// prints a table. --cost measures instead what a decision costs over the size of the fleet. The same seed gives the same.
import { parseArgs } from 'node:util';
import { strategyNames } from '@relais/balancer';
import { decisionUs, jobUs } from './decision-cost.mjs';
import { costTable, simulationTable, writeCostPlots, writeSimulationPlots } from './report.mjs';
import { simulate } from './simulation.mjs';
import { workloads } from './workload.mjs';

const { values: options } = parseArgs({
  options: {
    workload: { type: 'string', default: Object.keys(workloads).join(',') },
    strategies: { type: 'string', default: strategyNames.join(',') },
    workers: { type: 'string', default: '200' },
    functions: { type: 'string', default: '1000' },
    jobs: { type: 'string', default: '200000' },
    'keep-alive-s': { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    plots: { type: 'string' },
    cost: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
  },
});
const strategies = listOf(options.strategies, strategyNames, 'strategy');
const seed = whole('seed', 0, 2 ** 31);

if (options.cost) await measureCost();
else await simulateAll();

async function simulateAll() {
  const shape = {
    workers: options.smoke ? 10 : whole('workers', 1, 10_000),
    functions: options.smoke ? 50 : whole('functions', 1, 100_000),
    jobs: options.smoke ? 2000 : whole('jobs', 10, 1_000_000),
    keepAliveMs: whole('keep-alive-s', 0, 1e6) * 1000,
    seed,
  };
  const rows = [];
  for (const workload of listOf(options.workload, Object.keys(workloads), 'workload')) {
    for (const strategy of strategies) {
      rows.push({ workload, ...(await simulate({ ...shape, workload, strategy })) });
      if (process.stderr.isTTY) process.stderr.write(`${workload} ${strategy}\n`);
    }
  }
  if (options.plots) writeSimulationPlots(options.plots, rows);
  if (options.json) console.log(JSON.stringify({ ...shape, rows }, null, 2));
  else {
    const { workers, functions, jobs } = shape;
    console.log(`seed ${seed}: ${workers} workers, ${functions} functions, ${jobs} calls for each row\n`);
    console.log(simulationTable(rows));
  }
}

async function measureCost() {
  const sizes = options.smoke ? [4, 64] : [4, 16, 64, 256, 1024, 4096, 10_000];
  const rounds = options.smoke ? 1 : 9;
  const measures = [
    {
      name: 'decision',
      file: 'decision-cost',
      title: 'One decision, with taking and giving back a slot',
      measure: (strategy, workers) => decisionUs({ strategy, workers, decisions: 5000, rounds, seed }),
    },
    {
      name: 'job',
      file: 'job-cost',
      title: 'One job through the balancer, question to answer',
      measure: (strategy, workers) => jobUs({ strategy, workers, turns: 400, rounds, seed }),
    },
  ];
  // What is compiled on the way is nobody's cost.
  for (const strategy of strategies) for (const { measure } of measures) await measure(strategy, sizes[1]);
  const costs = [];
  for (const { measure, ...measured } of measures) {
    const values = Object.fromEntries(strategies.map((strategy) => [strategy, []]));
    for (const workers of sizes) {
      for (const strategy of strategies) values[strategy].push(await measure(strategy, workers));
    }
    costs.push({ ...measured, sizes, values });
  }
  if (options.plots) writeCostPlots(options.plots, costs, strategies);
  if (options.json) console.log(JSON.stringify({ seed, costs }, null, 2));
  else console.log(`seed ${seed}; microseconds of CPU\n\n${costTable(costs, strategies)}`);
}

function whole(name, min, max) {
  const value = Number(options[name]);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}, not ${options[name]}`);
}

function listOf(text, known, what) {
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`There is no ${what} "${unknown}"; choose of ${known.join(', ')}.`);
  return names;
}
