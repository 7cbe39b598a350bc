import { RelaisError } from '../errors/relais-error.js';
import type { ConfigOf } from './keys.js';
import { type ConfigSources, loadConfig } from './load.js';
import { defineConfig } from './schema.js';

const schema = defineConfig({
  host: { kind: 'string', default: '127.0.0.1', describe: 'Address to listen on.' },
  port: { kind: 'int', default: 8080, min: 0, max: 65_535, describe: 'Port.', alias: 'p' },
  dataDir: { kind: 'string', default: './.relais', describe: 'Where state lives.', alias: 'data' },
  payloadBytesMax: { kind: 'int', default: 1024, min: 1, max: 6_291_456, describe: 'Longest payload.' },
  sampleRatio: { kind: 'number', default: 1, min: 0, max: 1, describe: 'Share of traces kept.' },
  strategy: { kind: 'enum', values: ['rr', 'fifo'], default: 'fifo', describe: 'Who gets the next job.' },
  languages: { kind: 'list', values: ['c', 'js', 'python'], default: [], describe: 'Languages to run.' },
  peers: { kind: 'list', default: ['a'], max: 3, describe: 'Others.' },
  pretty: { kind: 'boolean', default: false, describe: 'Log for people.' },
  adminKey: { kind: 'string', default: '', max: 8, secret: true, describe: 'Key.' },
});

function load(from: Partial<ConfigSources>) {
  return loadConfig(schema, { argv: [], env: {}, readFile: () => undefined, ...from });
}

function files(content: Record<string, string>) {
  return (path: string) => content[path];
}

/** The lines of the message below its first; none when the configuration is good. */
function mistakes(from: Partial<ConfigSources>): string[] {
  try {
    load(from);
    return [];
  } catch (error) {
    const failure = RelaisError.from(error);
    expect([failure.code, failure.fields.reason]).toEqual(['invalid_argument', 'bad_config']);
    return failure.message.split('\n').slice(1);
  }
}

describe('order of sources', () => {
  const file = files({ 'relais.config.json': '{"port": 1, "host": "file", "strategy": "rr"}' });

  test('a default stands where nothing else is said', () => {
    const { values, sources } = load({});
    expect(values).toEqual(Object.fromEntries(Object.entries(schema).map(([name, key]) => [name, key.default])));
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
  });

  test('flags win over the environment, which wins over the file', () => {
    const { values, sources } = load({
      readFile: file,
      env: { RELAIS_PORT: '2', RELAIS_HOST: 'env' },
      argv: ['--port', '3'],
    });
    expect([values.port, values.host, values.strategy, values.pretty]).toEqual([3, 'env', 'rr', false]);
    expect([sources.port, sources.host, sources.strategy, sources.pretty]).toEqual([
      'flag',
      'environment',
      'file',
      'default',
    ]);
  });

  test('the file is the one --config names, else RELAIS_CONFIG, else the usual one', () => {
    const readFile = files({ a: '{"port": 1}', b: '{"port": 2}', 'relais.config.json': '{"port": 3}' });
    const env = { RELAIS_CONFIG: 'b' };
    expect(load({ readFile, env, argv: ['--config', 'a'] }).values.port).toBe(1);
    expect(load({ readFile, env }).values.port).toBe(2);
    expect(load({ readFile }).values.port).toBe(3);
  });

  test('values and sources are frozen, lists too', () => {
    const { values, sources } = load({ argv: ['--peers', 'x'] });
    expect([values, values.peers, values.languages, sources].map(Object.isFrozen)).toEqual([true, true, true, true]);
  });

  test('the types follow the schema', () => {
    const values: ConfigOf<typeof schema> = load({}).values;
    const strategy: 'rr' | 'fifo' = values.strategy;
    const languages: readonly ('c' | 'js' | 'python')[] = values.languages;
    const port: number = values.port;
    // @ts-expect-error a key that was not declared does not exist
    expect([strategy, languages, port, values.absent]).toEqual(['fifo', [], 8080, undefined]);
  });
});

describe('forms of a flag', () => {
  const cases: [string[], string, unknown][] = [
    [['--payload-bytes-max', '7'], 'payloadBytesMax', 7],
    [['--payload-bytes-max=7'], 'payloadBytesMax', 7],
    [['--port', '1', '--port', '2'], 'port', 2],
    [['-p', '9'], 'port', 9],
    [['-p9'], 'port', 9],
    [['--data', '/srv'], 'dataDir', '/srv'],
    [['--data=--odd'], 'dataDir', '--odd'],
    [['--pretty'], 'pretty', true],
    [['--no-pretty'], 'pretty', false],
    [['--pretty=false'], 'pretty', false],
    [['--strategy', 'RR'], 'strategy', 'rr'],
    [['--languages', 'c, js', '--languages=python'], 'languages', ['c', 'js', 'python']],
    [['--sample-ratio', '.25'], 'sampleRatio', 0.25],
    [['--port', '1e3'], 'port', 1000],
  ];
  test.each(cases)('%j sets %s', (argv, name, expected) => {
    expect(load({ argv }).values[name as keyof typeof schema]).toEqual(expected);
  });
});

describe('mistakes', () => {
  test('all are told at once, each with where it came from', () => {
    const found = mistakes({
      readFile: files({ 'relais.config.json': '{"port": "80", "strategi": "rr", "payloadBytesMax": 99999999}' }),
      env: { RELAIS_SAMPLE_RATIO: '2', RELAIS_HSOT: 'x' },
      argv: ['--strategy', 'random', '--prot', '1', 'stray'],
    });
    expect(found).toEqual([
      'relais.config.json: strategi: there is no such key; did you mean strategy?',
      'relais.config.json: port: must be a whole number, got "80"',
      'relais.config.json: payloadBytesMax: must be at most 6291456 bytes, got 99999999 bytes',
      'RELAIS_HSOT: there is no such key; did you mean RELAIS_HOST?',
      'RELAIS_SAMPLE_RATIO: must be at most 1, got 2',
      '--prot: there is no such key; did you mean --port?',
      'stray: is not a flag',
      '--strategy: must be one of rr, fifo, got "random"',
    ]);
  });

  const cases: [string, Partial<ConfigSources>, string][] = [
    ['not a number', { argv: ['--port', 'http'] }, '--port: must be a whole number, got "http"'],
    ['hexadecimal', { argv: ['--port', '0x10'] }, '--port: must be a whole number, got "0x10"'],
    ['a fraction', { argv: ['--port', '1.5'] }, '--port: must be a whole number, got 1.5'],
    ['below', { argv: ['--port', '-1'] }, '--port: must be at least 0, got -1'],
    ['endless', { argv: ['--port', '1e999'] }, '--port: must be at most 65535, got Infinity'],
    ['no value', { argv: ['--port', '--host', 'h'] }, '--port: needs a value'],
    ['no value at the end', { argv: ['--port'] }, '--port: needs a value'],
    ['no of a number', { argv: ['--no-port'] }, '--no-port: there is no such key'],
    ['not a switch', { argv: ['--pretty=yes'] }, '--pretty: must be true or false, got "yes"'],
    ['list item', { env: { RELAIS_LANGUAGES: 'c,d' } }, 'RELAIS_LANGUAGES: each item must be one of c, js, python'],
    ['list too long', { argv: ['--peers', 'a,b,c,d'] }, '--peers: must be at most 3 items long, got 4 items long'],
    ['empty list item', { argv: ['--peers', 'a,,b'] }, '--peers: must be a list of texts, got ""'],
    ['prototype', { argv: ['--__proto__', 'x'] }, '--__proto__: there is no such key'],
    ['absent file', { argv: ['--config', 'no.json'] }, 'no.json: there is no such file'],
    ['broken file', { readFile: () => '{"port":' }, 'relais.config.json: is not JSON'],
    ['file of a list', { readFile: () => '[]' }, 'relais.config.json: must hold one JSON object'],
    ['huge file', { readFile: () => ' '.repeat(2 ** 20 + 1) }, 'relais.config.json: is longer than 1048576 characters'],
    ['null in the file', { readFile: () => '{"host":null}' }, 'relais.config.json: host: must be text, got null'],
    ['long text', { argv: ['--host', 'h'.repeat(5000)] }, '--host: must be at most 4096 characters long, got 5000'],
  ];
  test.each(cases)('%s', (_title, from, expected) => {
    const found = mistakes(from);
    expect(found.map((line) => line.startsWith(expected))).toContain(true);
  });

  test('a file that cannot be read is a mistake, not a crash', () => {
    const readFile = () => {
      throw new Error('EACCES');
    };
    expect(mistakes({ readFile })).toEqual(['relais.config.json: cannot be read: EACCES']);
  });

  test('what a later source overrides is checked too', () => {
    expect(mistakes({ env: { RELAIS_PORT: 'x' }, argv: ['--port', '1'] })).toHaveLength(1);
  });

  test('a secret is never repeated', () => {
    const from = { argv: ['--admin-key', 'hunter2hunter2'], readFile: () => '{"adminKey": 42424242}' };
    const text = mistakes(from).join('\n');
    expect(text).toContain('--admin-key: must be at most 8 characters long');
    expect(text).not.toMatch(/hunter2|42424242/);
  });

  test('the list of mistakes is bounded', () => {
    const env = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`RELAIS_ODD_${index}`, 'x']));
    expect(mistakes({ env })).toHaveLength(51);
  });

  test('an empty variable counts as absent, and a variable of something else is let be', () => {
    const { values } = load({ env: { RELAIS_PORT: '', RELAIS_URL: 'x', PATH: 'y' }, otherVariables: ['RELAIS_URL'] });
    expect(values.port).toBe(8080);
  });
});
