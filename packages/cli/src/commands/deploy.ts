import { dirname, resolve } from 'node:path';
import { type Deployed, RelaisError } from '@relais/sdk';
import type { Command, OptionSpec } from '../framework/command.js';
import { wrongUse } from '../framework/failures.js';
import type { Input } from '../framework/input.js';
import type { Surroundings } from '../framework/surroundings.js';
import { diagnosticLines } from '../output/complaint.js';
import { rememberBase, sourceLineIn } from '../output/source-lines.js';
import { pairs } from '../output/table.js';
import { bytesText, durationText } from '../output/units.js';
import type { Settings } from '../project/settings.js';
import type { Prepared, Wishes } from '../project/source.js';

/** Options of every command that deploys. */
export const deployOptions: readonly OptionSpec[] = [
  {
    name: 'name',
    short: 'n',
    value: 'NAME',
    describe: "what to call it; the file's or directory's own name unless given",
  },
  { name: 'lang', short: 'l', value: 'LANG', describe: "its language; told by the file's name unless given" },
  { name: 'entry', value: 'FILE', describe: 'the file a directory begins with' },
  { name: 'timeout-ms', value: 'MS', describe: 'time for queue, cold start and run together; 1 to 900000' },
  { name: 'memory-mb', value: 'MIB', describe: 'memory of one instance; 16 to 4096' },
  { name: 'concurrency', value: 'N', describe: 'calls that may run at the same time' },
  { name: 'isolation', value: 'WHICH', describe: 'what survives between calls', choices: ['fresh', 'reuse'] },
  { name: 'http', value: 'HOW', describe: 'how a program answers HTTP triggers', choices: ['cgi'] },
  { name: 'cflag', value: 'FLAG', describe: 'compiler flag for C and C++', repeated: true },
  { name: 'env', short: 'e', value: 'KEY=VALUE', describe: 'environment variable of the function', repeated: true },
  { name: 'auth', value: 'WHO', describe: 'who may call it at /fn/NAME', choices: ['key', 'public'] },
  { name: 'network', value: 'WHAT', describe: 'what it reaches: "allow:HOST:PORT,…", "host" or "none"' },
  { name: 'secret', value: 'SECRET', describe: 'secret it finds in its environment', repeated: true },
  { name: 'cors', value: 'ORIGIN', describe: 'site whose pages may call it and read its answers', repeated: true },
  { name: 'no-bundle', describe: 'send JavaScript and TypeScript as they are; a directory of it as an archive' },
];

export const deploy: Command = {
  name: 'deploy',
  summary: 'build a file or directory and store it as a function',
  details: [
    'JavaScript and TypeScript are bundled with everything they import, npm packages too; a directory of another',
    'language is sent as an archive. A directory may hold a relais.toml with name, lang, entry, timeoutMs, memoryMb,',
    'concurrency, isolation, http, auth, network, secrets, cors, cflags, exclude and a table [env]; options win over it.',
  ].join(' '),
  arguments: [{ name: 'PATH', describe: 'a source file, or a directory of several; "." unless given', optional: true }],
  options: [
    ...deployOptions,
    { name: 'update', short: 'u', describe: 'when the name is taken, make a new version of it' },
  ],
  examples: [
    { line: 'relais deploy examples/hello.c', does: 'deploy one file as "hello"' },
    { line: 'relais deploy ./shop --update --env STAGE=test', does: 'deploy a directory as a new version of "shop"' },
  ],
  async run(input, io) {
    const path = input.optionalArgument('PATH') ?? '.';
    const progress = io.progress();
    let base = dirname(resolve(io.cwd, path));
    try {
      progress.step(`reading ${path}`);
      const { prepare } = await import('../project/source.js');
      const prepared = await prepare(path, io.cwd, wishesOf(input, input.flag('update')));
      base = prepared.base;
      progress.step(`building ${prepared.deployment.name}`);
      const beganMs = performance.now();
      const deployed = await io.client.deploy(prepared.deployment, { signal: io.interrupted });
      progress.end();
      report(deployed, prepared, performance.now() - beganMs, io);
    } catch (thrown) {
      if (RelaisError.is(thrown)) rememberBase(thrown, base);
      throw thrown;
    } finally {
      progress.end();
    }
    return undefined;
  },
};

/** What the options of a deploying command ask for. Throws wrong_use. */
export function wishesOf(input: Input, update: boolean): Wishes {
  const settings: Settings = {};
  const texts = {
    name: 'name',
    lang: 'lang',
    entry: 'entry',
    isolation: 'isolation',
    http: 'http',
    auth: 'auth',
    network: 'network',
  } as const;
  for (const [key, option] of Object.entries(texts) as [keyof typeof texts, string][]) {
    const value = input.text(option);
    if (value !== undefined) settings[key] = value;
  }
  const counts = { timeoutMs: 'timeout-ms', memoryMb: 'memory-mb', concurrency: 'concurrency' } as const;
  for (const [key, option] of Object.entries(counts) as [keyof typeof counts, string][]) {
    const value = input.count(option);
    if (value !== undefined) settings[key] = value;
  }
  const lists = { cflags: 'cflag', secrets: 'secret', cors: 'cors' } as const;
  for (const [key, option] of Object.entries(lists) as [keyof typeof lists, string][]) {
    const values = input.texts(option);
    if (values.length > 0) settings[key] = [...values];
  }
  const env = input.texts('env');
  if (env.length > 0) settings.env = Object.fromEntries(env.map(variableOf));
  return { settings, update, bundle: !input.flag('no-bundle') };
}

function variableOf(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw wrongUse(`--env takes KEY=VALUE, not "${text}".`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function report({ function: made, warnings }: Deployed, prepared: Prepared, tookMs: number, io: Surroundings): void {
  const { id, lang, name, sizeBytes, version, wasm } = made;
  const { paint } = io;
  const url = `${io.url}/fn/${name}`;
  io.report({ id, name, lang, wasm, version, sizeBytes, url, made: prepared.made, warnings }, () => {
    const head = `${paint('green', 'deployed')} ${paint('bold', `${name}@${version}`)} in ${durationText(tookMs)}`;
    const facts = `${lang}, ${prepared.made}, ${bytesText(sizeBytes)}`;
    const said = warnings.flatMap((warning) => diagnosticLines(warning, paint, sourceLineIn(prepared.base)));
    const lines = [
      ['id', id],
      ['url', url],
      ['try', paint('cyan', `relais invoke ${name}`)],
    ] as const;
    return `${said.map((line) => `${line}\n`).join('')}${head} (${facts})\n${pairs(lines)}`;
  });
}
