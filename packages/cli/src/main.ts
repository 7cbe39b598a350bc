#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { configHelp, loadConfig, RelaisError } from '@relais/kit';
import { platformSchema, releaseVersion, up } from '@relais/platform';

const usage = `relais ${releaseVersion}: a functions platform

Usage: relais up [flags]     run the platform, or some of its roles

Example: relais up --port 9000 --data /var/lib/relais --workers 8

Flags of "up", each also a variable and a key of the configuration file:
`;

/** The Node this release comes with; an older one lacks what the platform needs. */
const nodeMajorMin = 24;

/** Exit codes: 0 done, 1 failed, 2 wrongly used. */
async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
    console.error(
      `relais: this is Node ${process.version}; start it with "npm start" or "npx relais", which bring Node 24`,
    );
    return 2;
  }
  if (command === '--version') return print(releaseVersion);
  if (command === undefined || command === '--help' || rest.includes('--help')) {
    return print(usage + configHelp(platformSchema));
  }
  if (command !== 'up') {
    console.error(`relais: there is no command "${command}"; try: relais --help`);
    return 2;
  }
  const config = loadConfig(platformSchema, { argv: rest, env: process.env, readFile });
  const say = (line: string) => console.log(line);
  return up(config, { say, isTerminal: process.stdout.isTTY === true, onStopRequest });
}

function print(text: string): number {
  console.log(text);
  return 0;
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function onStopRequest(callback: () => void): void {
  let asked = false;
  const ask = () => {
    if (asked) process.exit(1);
    asked = true;
    callback();
  };
  process.on('SIGINT', ask);
  process.on('SIGTERM', ask);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known = RelaisError.from(error);
  console.error(`relais: ${known.message}`);
  if (known.code === 'internal') console.error(known.fields.cause);
  process.exitCode = known.fields.reason === 'bad_config' ? 2 : 1;
}
