import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '../client.js';
import { type Platform, removeData, type Topology } from '../topology.js';

const values = ['first-5f2a91', 'second-c07d33'] as const;

const sources: [name: string, lang: string, source: string][] = [
  ['handler', 'js', 'export default () => { console.log(process.env.TOKEN); return process.env.TOKEN; }'],
  ['program', 'js', 'console.error(process.env.TOKEN); process.stdout.write(process.env.TOKEN);'],
  [
    'module',
    'c',
    '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { fputs(getenv("TOKEN"), stderr); fputs(getenv("TOKEN"), stdout); }',
  ],
];

export function secretScenarios(topology: Topology): void {
  describe('with secrets', () => {
    const folder = mkdtempSync(join(tmpdir(), 'relais-system-key-'));
    const keyFile = join(folder, 'secrets.key');
    const gatewayFlags = ['--secrets-key-file', keyFile];
    let platform: Platform;
    let client: Client;

    beforeAll(async () => {
      platform = await topology.start({ gatewayFlags });
      client = new Client(platform.url);
    }, 60_000);

    afterAll(async () => {
      await platform.stop();
      removeData(platform.data);
      rmSync(folder, { recursive: true });
    }, 60_000);

    async function set(value: string): Promise<void> {
      expect((await client.connect('SecretService/SetSecret', { name: 'TOKEN', value })).status).toBe(200);
    }

    async function outputs(): Promise<unknown[]> {
      const answers = await Promise.all(sources.map(([name]) => client.invoke(name)));
      // What they print is told with the secret masked.
      for (const { body } of answers) expect(String(body.logs).trim()).toBe('***');
      return answers.map(({ body }) => body.output);
    }

    test('functions find them, changed ones without a deploy, and nobody else does', async () => {
      await set(values[0]);
      expect(statSync(keyFile).mode & 0o777).toBe(0o600);
      for (const [name, lang, source] of sources) {
        expect((await client.deploy(name, lang, source, '&secrets=TOKEN')).status).toBe(201);
      }
      expect(await outputs()).toEqual(sources.map(() => values[0]));
      await set(values[1]);
      expect(await outputs()).toEqual(sources.map(() => values[1]));

      await platform.killEverything();
      platform = await topology.start({ data: platform.data, gatewayFlags });
      client = new Client(platform.url);
      expect(await outputs()).toEqual(sources.map(() => values[1]));
      const kept = filesUnder(platform.data).map((path) => readFileSync(path, 'latin1'));
      expect(kept.length).toBeGreaterThan(0);
      for (const value of values) {
        expect(kept.filter((text) => text.includes(value))).toEqual([]);
        expect(platform.log()).not.toContain(value);
      }
    }, 120_000);
  });
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
