/** A message without the names that generated code hangs on it. */
export type Plain<T> = Omit<T, '$typeName' | '$unknown'>;

/** The fields of a generated message alone; what is nested stays as it is. */
export function plain<T extends { readonly $typeName: string }>(message: T): Plain<T> {
  const { $typeName: _, $unknown: __, ...fields } = message as T & { readonly $unknown?: unknown };
  return fields;
}
