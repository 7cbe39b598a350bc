import type { ConfigKey, ConfigSchema } from './keys.js';
import { flagOf, unitOf, variableOf } from './names.js';

/** The keys as a markdown table, one row each in the order declared; for docs/config.md. */
export function configTable(schema: ConfigSchema): string {
  const rows = Object.entries(schema).map(([name, key]) =>
    row([
      code(name),
      flags(name, key).map(code).join(' '),
      code(variableOf(name)),
      allowed(name, key),
      code(defaultText(key)),
      key.describe,
    ]),
  );
  return `${[row(['key', 'flag', 'environment', 'value', 'default', 'what it is']), row(Array(6).fill('---')), ...rows].join('\n')}\n`;
}

/** The keys as `--help` prints them: the flag, then what it is, what it may be and its default. */
export function configHelp(schema: ConfigSchema): string {
  const lines = Object.entries(schema).map(([name, key]) => {
    const facts = `${allowed(name, key)}; default ${defaultText(key)}; ${variableOf(name)}`;
    return `  ${flags(name, key).join(', ')}\n      ${key.describe}\n      ${facts}`;
  });
  lines.push(
    '  --config\n      JSON file with any of these keys\n      default relais.config.json if present; RELAIS_CONFIG',
  );
  return `${lines.join('\n')}\n`;
}

function flags(name: string, key: ConfigKey): string[] {
  const long = `--${flagOf(name)}`;
  if (key.alias === undefined) return [long];
  return [long, key.alias.length === 1 ? `-${key.alias}` : `--${key.alias}`];
}

function allowed(name: string, key: ConfigKey): string {
  const unit = unitOf(name);
  switch (key.kind) {
    case 'int':
    case 'number':
      return `${key.min} to ${key.max}${unit === '' ? '' : ` ${unit}`}${key.kind === 'int' ? '' : ', fractions allowed'}`;
    case 'boolean':
      return 'true or false';
    case 'enum':
      return key.values.join(', ');
    case 'list':
      return key.values ? `list of ${key.values.join(', ')}` : 'list of texts';
    case 'string':
      return key.secret ? 'text, secret' : 'text';
  }
}

function defaultText(key: ConfigKey): string {
  if (key.secret) return key.default === '' ? 'none' : '(secret)';
  const text = key.kind === 'list' ? key.default.join(',') : String(key.default);
  return text === '' ? 'none' : text;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function code(text: string): string {
  return text === 'none' ? text : `\`${text}\``;
}
