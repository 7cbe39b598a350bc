import { checkValue } from './check-value.js';
import type { ConfigSchema } from './keys.js';
import { flagOf, hasKeyForm } from './names.js';

/**
 * Declares the keys of a configuration and gives them back with their exact types. Throws a plain Error on a schema that
 * contradicts itself, which is a mistake in the code: a name not in camelCase, two keys with one flag, a default out of
 * its own bounds.
 */
export function defineConfig<const Schema extends ConfigSchema>(schema: Schema): Schema {
  const flags = new Set(['config']);
  for (const [name, key] of Object.entries(schema)) {
    if (!hasKeyForm(name)) throw new Error(`config key "${name}" is not camelCase`);
    for (const flag of key.alias === undefined ? [flagOf(name)] : [flagOf(name), key.alias]) {
      if (flags.has(flag)) throw new Error(`config key "${name}": flag "${flag}" is taken`);
      flags.add(flag);
    }
    const checked = checkValue(name, key, key.default);
    if ('mistake' in checked) throw new Error(`config key "${name}": its default ${checked.mistake}`);
  }
  return schema;
}
