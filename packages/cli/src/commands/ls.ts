import type { FunctionInfo, Relais } from '@relais/sdk';
import type { Command } from '../framework/command.js';
import { table } from '../output/table.js';
import { timestampMs } from '../output/timestamps.js';
import { ageText, bytesText } from '../output/units.js';

const pageSize = 1000;

export const ls: Command = {
  name: 'ls',
  summary: 'list the functions',
  options: [{ name: 'names', describe: 'their names alone, one a line' }],
  examples: [
    { line: 'relais ls', does: 'the current version of every function' },
    { line: 'relais ls --names | xargs -n1 relais get --source', does: 'the source of each' },
  ],
  async run(input, io) {
    const found = await allFunctions(io.client, io.interrupted);
    io.report({ functions: found.map(plainFunction) }, () => {
      if (input.flag('names')) return found.map(({ name }) => `${name}\n`).join('');
      if (found.length === 0) return 'no functions yet; "relais init js" makes a first one\n';
      const now = Date.now();
      return table(
        ['NAME', 'LANG', 'VERSION', 'FORM', 'SIZE', 'AGE'],
        found.map(({ createdAt, form, lang, name, sizeBytes, version }) => [
          io.paint('bold', name),
          lang,
          String(version),
          form,
          bytesText(sizeBytes),
          ageText(timestampMs(createdAt), now),
        ]),
      );
    });
    return undefined;
  },
};

/** The current version of every function, over all pages. */
export async function allFunctions(client: Relais, signal: AbortSignal): Promise<FunctionInfo[]> {
  const found: FunctionInfo[] = [];
  for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
    const page = await client.functions.listFunctions({ pageSize, pageToken }, { signal });
    found.push(...page.functions);
    pageToken = page.nextPageToken || undefined;
  }
  return found;
}

/** A version as JSON for programs. */
export function plainFunction({ createdAt, form, id, lang, name, sizeBytes, version, wasm }: FunctionInfo): object {
  return { id, name, lang, wasm, version, form, sizeBytes, createdAt: new Date(timestampMs(createdAt)).toISOString() };
}
