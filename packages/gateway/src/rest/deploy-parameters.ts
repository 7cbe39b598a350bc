import { FunctionConfig, Isolation, Scale } from '@relais/contracts';
import { invalid } from '../core/failures.js';
import { duplicateParameter, parseQuery, unknownParameter } from './query.js';

/** What the query of a deploy says. */
export interface DeployParameters {
  name: string;
  lang: string;
  filename: string;
  update: boolean;
  config: FunctionConfig;
}

type Setter = (into: DeployParameters, value: string, mistakes: string[]) => void;

const isolations: Readonly<Record<string, Isolation>> = {
  fresh: Isolation.ISOLATION_FRESH,
  reuse: Isolation.ISOLATION_REUSE,
};

const setters: Readonly<Record<string, Setter>> = {
  name: (into, value) => {
    into.name = value;
  },
  lang: (into, value) => {
    into.lang = value;
  },
  filename: (into, value) => {
    into.filename = value;
  },
  update: (into, value, mistakes) => {
    into.update = flag('update', value, mistakes);
  },
  timeoutMs: number('timeoutMs'),
  memoryMb: number('memoryMb'),
  concurrency: number('concurrency'),
  isolation: (into, value, mistakes) => {
    const isolation = Object.hasOwn(isolations, value) ? isolations[value] : undefined;
    if (isolation === undefined) mistakes.push('isolation must be fresh or reuse');
    else into.config.isolation = isolation;
  },
  entry: (into, value) => {
    into.config.entry = value;
  },
  cflags: (into, value) => {
    into.config.cflags.push(...value.split(' ').filter((flag) => flag !== ''));
  },
  auth: (into, value) => {
    into.config.auth = value;
  },
  secrets: (into, value) => {
    into.config.secrets.push(...value.split(',').filter((secret) => secret !== ''));
  },
  network: (into, value) => {
    into.config.network = value;
  },
  cors: (into, value) => {
    into.config.cors.push(...value.split(',').filter((origin) => origin !== ''));
  },
  http: (into, value) => {
    into.config.http = value;
  },
  strategy: (into, value) => {
    into.config.strategy = value;
  },
  idempotent: (into, value, mistakes) => {
    into.config.idempotent = flag('idempotent', value, mistakes);
  },
  'scale.targetCalls': scaleNumber('targetCalls'),
  'scale.max': scaleNumber('max'),
  'scale.idleMs': scaleNumber('idleMs'),
  'scale.min': scaleNumber('min'),
};

const names = Object.keys(setters);
const repeatable = new Set(['cflags', 'cors', 'secrets']);
const envPrefix = 'env.';

/**
 * Reads the query of a deploy. Throws invalid_argument: unknown_parameter (with the one that was meant),
 * duplicate_parameter, or bad_config with every value that cannot be read.
 */
export function deployParameters(query: string): DeployParameters {
  const into: DeployParameters = { name: '', lang: '', filename: '', update: false, config: FunctionConfig.create() };
  const seen = new Set<string>();
  const mistakes: string[] = [];
  for (const [name, value] of parseQuery(query)) {
    if (seen.has(name) && !repeatable.has(name)) throw duplicateParameter(name);
    seen.add(name);
    const setter = Object.hasOwn(setters, name) ? setters[name] : undefined;
    if (setter) setter(into, value, mistakes);
    else if (name === `${envPrefix}__proto__`) mistakes.push('no variable can be named __proto__');
    else if (name.startsWith(envPrefix)) into.config.env[name.slice(envPrefix.length)] = value;
    else throw unknownParameter(name, [...names, 'env.KEY']);
  }
  if (mistakes.length > 0) throw invalid('bad_config', `Change the query: ${mistakes.join('; ')}.`);
  return into;
}

function number(key: 'timeoutMs' | 'memoryMb' | 'concurrency'): Setter {
  return (into, value, mistakes) => {
    into.config[key] = wholeNumber(key, value, mistakes);
  };
}

function scaleNumber(key: keyof Scale): Setter {
  return (into, value, mistakes) => {
    into.config.scale ??= Scale.create();
    into.config.scale[key] = wholeNumber(`scale.${key}`, value, mistakes);
  };
}

/** Zero means the default inside; from a query it is a mistake. */
function wholeNumber(name: string, value: string, mistakes: string[]): number {
  if (/^[1-9][0-9]{0,9}$/.test(value)) return Number(value);
  mistakes.push(`${name} must be a whole number above 0, not ${JSON.stringify(value.slice(0, 40))}`);
  return 0;
}

/** The name alone means true. */
function flag(name: string, value: string, mistakes: string[]): boolean {
  if (value !== '' && value !== 'true' && value !== 'false') mistakes.push(`${name} must be true or false`);
  return value !== 'false';
}
