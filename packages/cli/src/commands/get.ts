import { isUtf8 } from 'node:buffer';
import type { Command } from '../framework/command.js';
import { safeText } from '../output/safe-text.js';
import { pairs } from '../output/table.js';
import { timestampMs } from '../output/timestamps.js';
import { bytesText, durationText } from '../output/units.js';
import { settingsOf } from '../project/config.js';
import { plainFunction } from './ls.js';

export const get: Command = {
  name: 'get',
  summary: 'show a function: its settings and its source',
  arguments: [{ name: 'REF', describe: 'NAME, NAME@VERSION or an id' }],
  options: [{ name: 'source', short: 's', describe: 'the source alone, as it was sent' }],
  examples: [
    { line: 'relais get hello@1', does: 'the first version of "hello"' },
    { line: 'relais get app --source > app.tar.gz', does: 'the archive it was deployed from' },
  ],
  async run(input, io) {
    const { source, ...rest } = await io.client.functions.getFunction(
      { function: input.argument('REF') },
      { signal: io.interrupted },
    );
    const found = rest.function;
    if (!found) return 1;
    if (input.flag('source') && !io.json) {
      io.write(source);
      return undefined;
    }
    const config = settingsOf(found.config);
    const isText = isUtf8(source);
    const text = isText ? Buffer.from(source).toString() : Buffer.from(source).toString('base64');
    const code = isText ? { source: text } : { source: text, encoding: 'base64' };
    const cost = rest.isolationCost ? { isolationCost: plainCost(rest.isolationCost) } : {};
    io.report({ ...plainFunction(found), config, ...cost, sourceSha256: found.sourceSha256, ...code }, () => {
      const facts = pairs([
        ['id', found.id],
        ['language', `${found.lang}${found.wasm ? ', runs as WASM' : ''}`],
        ['form', found.form],
        ['deployed', new Date(timestampMs(found.createdAt)).toISOString()],
        ['url', `${io.url}/fn/${found.name}`],
        ...Object.entries(config).map(([key, value]) => [key, settingText(value)] as const),
        ...(rest.isolationCost ? [['isolation', isolationText(rest.isolationCost)] as const] : []),
        ['source', `${bytesText(found.sizeBytes)}, sha256 ${found.sourceSha256}`],
      ]);
      const shown = isText ? safeText(text) : io.paint('dim', 'not text; --source writes it as it is\n');
      return `${io.paint('bold', `${found.name}@${found.version}`)}\n${facts}\n${shown}${shown.endsWith('\n') ? '' : '\n'}`;
    });
    return undefined;
  },
};

/** What a call pays before the function's own code runs, for each way to keep calls apart. */
function isolationText({ basis, newUs, resetUs, reuseUs }: Costs): string {
  const ways = { new: newUs, reset: resetUs, reuse: reuseUs };
  const told = Object.entries(ways).flatMap(([way, us]) =>
    us === undefined ? [] : [`${way} ${durationText(us / 1000)}`],
  );
  return `${told.join(', ')} before a call (median, from ${basis === 'build' ? 'its build' : 'its calls'})`;
}

function plainCost({ basis, newUs, resetUs, reuseUs }: Costs): Costs {
  return { basis, newUs, resetUs, reuseUs };
}

interface Costs {
  readonly basis: string;
  readonly newUs?: number | undefined;
  readonly resetUs?: number | undefined;
  readonly reuseUs?: number | undefined;
}

function settingText(value: unknown): string {
  return safeText(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
