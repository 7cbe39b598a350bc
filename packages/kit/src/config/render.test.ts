import { configHelp, configTable } from './render.js';
import { defineConfig } from './schema.js';

const schema = defineConfig({
  port: { kind: 'int', default: 8080, min: 0, max: 65_535, describe: 'Port.', alias: 'p' },
  idleTimeoutMs: { kind: 'number', default: 2.5, min: 0, max: 10, describe: 'Idle | then gone.' },
  adminKey: { kind: 'string', default: 'do-not-show', secret: true, describe: 'Key.' },
  languages: { kind: 'list', values: ['c', 'js'], default: ['c', 'js'], describe: 'Languages.' },
});

test('the table has a row per key with its flag, variable, bounds and default', () => {
  expect(configTable(schema).split('\n')).toEqual([
    '| key | flag | environment | value | default | what it is |',
    '| --- | --- | --- | --- | --- | --- |',
    '| `port` | `--port` `-p` | `RELAIS_PORT` | 0 to 65535 | `8080` | Port. |',
    '| `idleTimeoutMs` | `--idle-timeout-ms` | `RELAIS_IDLE_TIMEOUT_MS` | 0 to 10 ms, fractions allowed | `2.5` | Idle \\| then gone. |',
    '| `adminKey` | `--admin-key` | `RELAIS_ADMIN_KEY` | text, secret | `(secret)` | Key. |',
    '| `languages` | `--languages` | `RELAIS_LANGUAGES` | list of c, js | `c,js` | Languages. |',
    '',
  ]);
});

test('the help names every flag, with its default, and shows no secret', () => {
  const help = configHelp(schema);
  expect(help).toContain(
    '  --port, -p\n      Port.\n      0 to 65535; default 8080; RELAIS_PORT\n  --idle-timeout-ms\n',
  );
  expect(help).toContain('--config');
  expect(help).not.toContain('do-not-show');
});
