import type { FunctionInfo } from '@relais/sdk';
import type { Command } from '../framework/command.js';
import type { Surroundings } from '../framework/surroundings.js';
import { pairs, table } from '../output/table.js';
import { timestampMs } from '../output/timestamps.js';
import { ageText, bytesText } from '../output/units.js';
import { releaseVersion } from '../version.js';
import { plainFunction } from './ls.js';

const pageSize = 1000;

export const version: Command = {
  name: 'version',
  summary: 'show the release of this command and of the platform, or the versions of a function',
  details: '"relais --version" shows that of this command alone, without a platform.',
  arguments: [{ name: 'NAME', describe: 'a function: its versions, the current one marked', optional: true }],
  examples: [
    { line: 'relais version', does: 'command and platform' },
    { line: 'relais version hello', does: 'every version of "hello", for "relais rollback"' },
  ],
  async run(input, io) {
    const name = input.optionalArgument('NAME');
    await (name === undefined ? showReleases(io) : showVersions(name, io));
    return undefined;
  },
};

async function showReleases(io: Surroundings): Promise<void> {
  const { version: platform } = await io.client.cluster.getStatus({}, { signal: io.interrupted });
  io.report({ command: releaseVersion, platform, url: io.url }, () =>
    pairs([
      ['command', releaseVersion],
      ['platform', `${platform} at ${io.url}`],
    ]),
  );
}

async function showVersions(name: string, io: Surroundings): Promise<void> {
  const versions: FunctionInfo[] = [];
  let currentVersion = 0;
  for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
    const request = { name, pageSize, pageToken };
    const page = await io.client.functions.listVersions(request, { signal: io.interrupted });
    versions.push(...page.versions);
    currentVersion = page.currentVersion;
    pageToken = page.nextPageToken || undefined;
  }
  io.report({ name, currentVersion, versions: versions.map(plainFunction) }, () => {
    const now = Date.now();
    const row = ({ createdAt, id, lang, sizeBytes, version: number }: FunctionInfo) => [
      number === currentVersion ? io.paint('bold', `${number} *`) : String(number),
      ...[id, lang, bytesText(sizeBytes), ageText(timestampMs(createdAt), now)],
    ];
    return table(['VERSION', 'ID', 'LANG', 'SIZE', 'AGE'], versions.map(row));
  });
}
