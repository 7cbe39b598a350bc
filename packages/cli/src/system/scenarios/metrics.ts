import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../client.js';
import { knownShortCalls } from '../known-short.js';
import { repositoryRoot } from '../role-process.js';
import { type Platform, removeData, type Topology } from '../topology.js';
import { eventually } from '../wait.js';

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
const withPromtool = hasPromtool ? test : test.skip;

/** What the documentation names, whatever else there is. */
const promised = [
  ...[
    'relais_invocations_total',
    'relais_invocation_duration_seconds',
    'relais_http_requests_total',
    'relais_builds_total',
  ],
  ...['relais_queue_jobs', 'relais_function_queue_jobs', 'relais_function_queue_age_seconds', 'relais_worker_credits'],
  ...['relais_worker_cold_start_seconds', 'relais_worker_instances', 'relais_worker_function_instances'],
  ...['relais_function_running_jobs', 'relais_function_instances_wanted', 'relais_scale_decisions_total'],
  ...['relais_worker_cpu_seconds_total', 'relais_worker_memory_bytes', 'relais_limits_hit_total'],
  ...[
    'relais_leveldb_memory_bytes',
    'relais_leveldb_table_bytes',
    'relais_leveldb_files',
    'relais_event_loop_lag_seconds',
  ],
];

function instanceOf(name: string): RegExp {
  return new RegExp(
    `relais_worker_function_instances\\{worker="w\\d",function="${name}",version="1",state="idle"\\} 1\\n`,
  );
}

export function metricScenarios(topology: Topology): void {
  describe('metrics', () => {
    let platform: Platform;

    beforeAll(async () => {
      platform = await topology.start();
      const client = new Client(platform.url);
      await client.deploy('sum', 'js', 'export default ({ a, b }) => a + b');
      await client.invoke('sum', '{"a":1,"b":2}');
      await client.invoke('no-such-function');
      await client.deploy('broken', 'js', 'export default () => { throw new Error("no") }');
      await client.invoke('broken');
      await client.deployExample('greeter', 'c', 'hello.c');
      for (let call = 0; call < knownShortCalls; call++) await client.invoke('greeter');
    }, 60_000);

    afterAll(async () => {
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    const pages = async () => {
      const urls = [...platform.metricsAddresses.map((address) => `http://${address}`), platform.url];
      return Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    };

    test('calls, queues, workers, cold starts, storage and loops are all somewhere', async () => {
      const expected = [
        'relais_invocations_total{function="sum",version="1",code="ok"} 1',
        'relais_invocations_total{function="broken",version="1",code="aborted"} 1',
        'relais_invocation_duration_seconds_count{function="sum",version="1"} 1',
        'relais_builds_total{lang="js",code="ok"} 2',
        'relais_http_requests_total{route="/invoke",status="404"} 1',
        `relais_queue_wait_seconds_count ${3 + 2 + knownShortCalls}`,
        'relais_scale_decisions_total{kind="function",direction="up"} 2',
        'relais_workers{state="ready"} 4',
        'relais_worker_processes 4',
        'relais_storage_functions 3',
        'relais_storage_write_seconds_count 3',
      ];
      await eventually('the workers have told their figures', async () => {
        const text = (await pages()).join('\n');
        const told = /relais_worker_jobs_total\{worker="w\d",lang="js",outcome="aborted"\} 1/.test(text);
        const warm = ['sum', 'greeter'].every((name) => text.match(instanceOf(name)));
        return told && warm && expected.every((line) => text.includes(`${line}\n`));
      });
      const text = (await pages()).join('\n');
      expect(text).toMatch(/relais_worker_cold_start_seconds_count\{worker="w\d",lang="js",phase="fetch"\} [12]\n/);
      expect(text).toMatch(/relais_worker_memory_bytes\{worker="w1"\} \d{8,}\n/);
      expect(text).toMatch(/relais_event_loop_lag_seconds\{worker="w1",percentile="99"\} [\d.e-]+\n/);
    });

    test('every figure that operators are promised is on some page', async () => {
      const known = (await pages()).join('\n');
      const missing = promised.filter((name) => !known.includes(`# TYPE ${name} `));
      expect(missing).toEqual([]);
      expect(known).toMatch(/relais_worker_instances\{worker="w\d",lang="c",state="idle"\} 1\n/);
      expect(known).toMatch(/relais_function_instances_wanted\{function="sum",function_id="sum_\d+"\} 1\n/);
    });

    test('what the dashboard and the alerts ask for exists', async () => {
      const known = new Set<string>();
      for (const page of await pages()) for (const [, name] of page.matchAll(/^# TYPE (\S+)/gm)) known.add(name ?? '');
      const asked = ['grafana/relais-dashboard.json', 'prometheus/relais-alerts.yml'].flatMap((file) =>
        [...read(file).matchAll(/\brelais_[a-z0-9_]+/g)].map(([name]) => name),
      );
      expect(asked.length).toBeGreaterThan(20);
      const missing = asked.filter((name) => !known.has(name) && !known.has(name.replace(/_(bucket|sum|count)$/, '')));
      expect(missing).toEqual([]);
    });

    withPromtool('promtool accepts every endpoint and the alert rules (apt-get install prometheus)', async () => {
      for (const page of await pages()) {
        const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
          input: page,
          encoding: 'utf8',
        });
        expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
      }
      const rules = spawnSync('promtool', [
        'check',
        'rules',
        join(repositoryRoot, 'deploy/prometheus/relais-alerts.yml'),
      ]);
      expect(rules.status).toBe(0);
    });
  });
}

function read(file: string): string {
  return readFileSync(join(repositoryRoot, 'deploy', file), 'utf8');
}
