import {
  allInOne,
  Client,
  drainEveryWorker,
  eventually,
  example,
  fourRoles,
  removeData,
  SteadyLoad,
} from '@relais/cli/system';
import { atLeast, atMost, told } from './row.mjs';

const settleMs = 60_000;

/** Deploys, drains, changes of strategy and restarts of every role under a steady load, in both topologies. */
export async function restarts({ smoke }) {
  const rows = [];
  for (const topology of [allInOne, fourRoles]) rows.push(...(await restartsOf(topology, smoke ? 30 : 300)));
  return rows;
}

async function restartsOf(topology, callsPerSecond) {
  const platform = await topology.start();
  const client = new Client(platform.url);
  try {
    // However long a loaded machine takes to start a worker, it is no call's deadline that ends the wait.
    await client.deploy('hello', 'c', example('hello.c'), '&timeoutMs=90000');
    await client.deploy('add', 'js', example('add.js'), '&timeoutMs=90000');
    for (const name of ['hello', 'add']) await client.invoke(name, '{"a":1,"b":2}');
    const names = ['hello', 'hello', 'add'];
    const call = (index) => ({ path: `/invoke?fn=${names[index % names.length]}`, body: '{"a":1,"b":2}' });
    const load = new SteadyLoad({ url: platform.url, call, callsPerSecond });
    const startMs = performance.now();
    try {
      await everything(platform, client, load, callsPerSecond);
    } finally {
      await load.stop();
    }
    return rowsOf(topology.name, load.answers, performance.now() - startMs, callsPerSecond);
  } finally {
    await platform.stop();
    removeData(platform.data);
  }
}

async function everything(platform, client, load, callsPerSecond) {
  const goesOn = async () => {
    const countThen = load.answers.length;
    await eventually('the load goes on', async () => load.answers.length > countThen + callsPerSecond, settleMs);
  };
  await goesOn();
  for (const strategy of ['rr', 'least', 'fifo', 'affinity']) {
    await client.connect('ClusterService/SetStrategy', { strategy });
    await client.deploy('hello', 'c', example('hello.c'), '&timeoutMs=90000&update=true');
    await goesOn();
  }
  await drainEveryWorker(client, platform.workers, settleMs);
  for (const role of platform.roles) {
    await platform.restart(role);
    await goesOn();
  }
}

function rowsOf(name, answers, elapsedMs, callsPerSecond) {
  const failed = answers.filter(({ status }) => status !== 200);
  const kinds = [...new Set(failed.map(({ status, text }) => `${status} ${text.slice(0, 160)}`))];
  return [
    told(`${name}: calls`, answers.length, ''),
    atLeast(0.9 * callsPerSecond, `${name}: calls a second`, (answers.length / elapsedMs) * 1000, '/s'),
    told(`${name}: slowest`, Math.max(...answers.map(({ tookMs }) => tookMs)), 'ms'),
    atMost(0, `${name}: failed ${kinds.slice(0, 5).join(' · ')}`, failed.length, ''),
  ];
}
