interface KeyFacts {
  /** One line for the help text and the docs. */
  readonly describe: string;
  /** Another name of the flag: one letter is `-p`, more is `--data`. */
  readonly alias?: string;
  /** Its value is never shown: not in a message, not in the docs. */
  readonly secret?: true;
}

/** A number; the bounds are inclusive and in the unit the key's name ends in. */
export interface NumberKey extends KeyFacts {
  readonly kind: 'int' | 'number';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** A text; the bounds are its length in characters, 0 to 4096 unless given. */
export interface StringKey extends KeyFacts {
  readonly kind: 'string';
  readonly default: string;
  readonly min?: number;
  readonly max?: number;
}

export interface BooleanKey extends KeyFacts {
  readonly kind: 'boolean';
  readonly default: boolean;
}

/** One of the values, in any case. */
export interface EnumKey extends KeyFacts {
  readonly kind: 'enum';
  readonly values: readonly string[];
  readonly default: string;
}

/** Texts; comma-separated or the flag repeated. The bounds are its length in items, 0 to 64 unless given. */
export interface ListKey extends KeyFacts {
  readonly kind: 'list';
  /** What an item may be; any text when absent. */
  readonly values?: readonly string[];
  readonly default: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

/** One declared key of a configuration. */
export type ConfigKey = NumberKey | StringKey | BooleanKey | EnumKey | ListKey;

/** Declared keys by name; a name is camelCase and says its unit, for example `payloadBytesMax`. */
export type ConfigSchema = Readonly<Record<string, ConfigKey>>;

/** The type of one key's value. */
export type ConfigValueOf<Key extends ConfigKey> = Key extends NumberKey
  ? number
  : Key extends BooleanKey
    ? boolean
    : Key extends EnumKey
      ? Key['values'][number]
      : Key extends { readonly kind: 'list'; readonly values: readonly string[] }
        ? readonly Key['values'][number][]
        : Key extends ListKey
          ? readonly string[]
          : string;

/** The typed values of a whole schema. */
export type ConfigOf<Schema extends ConfigSchema> = {
  readonly [Name in keyof Schema]: ConfigValueOf<Schema[Name]>;
};
