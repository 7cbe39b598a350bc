/** What was found out about one thing. */
export interface Finding {
  /** For example "disk". */
  readonly what: string;
  /** lacking: something works less well or not at all, but the platform runs. */
  readonly state: 'good' | 'lacking' | 'bad';
  readonly says: string;
  /** What to do about it; absent when it is good. */
  readonly fix?: string;
}

export function good(what: string, says: string): Finding {
  return { what, state: 'good', says };
}

export function lacking(what: string, says: string, fix: string): Finding {
  return { what, state: 'lacking', says, fix };
}

export function bad(what: string, says: string, fix: string): Finding {
  return { what, state: 'bad', says, fix };
}
