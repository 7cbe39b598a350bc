import type { ScaleDecision, ScalePolicy, ScaleSnapshot } from './decide-scale.js';

/** What is scaled. */
export type ScaleSubject =
  | { readonly kind: 'workers'; readonly name: string }
  | { readonly kind: 'function'; readonly name: string };

/** A decision as it was made, and how long it held. */
export interface LoggedDecision {
  readonly subject: ScaleSubject;
  readonly snapshot: ScaleSnapshot;
  readonly policy: ScalePolicy;
  readonly decision: ScaleDecision;
  /** Wall clock. */
  readonly at: Date;
  /** Times the same was decided again since, on inputs that differed. */
  repeats: number;
}

/** Decisions kept; the oldest goes first. */
const keptMax = 1000;

/** The last decisions with what they were made on. Deciding the same again only counts. */
export class ScaleLog {
  readonly #wallMs: () => number;
  readonly #changed: (kind: ScaleSubject['kind'], direction: 'up' | 'down') => void;
  readonly #kept: LoggedDecision[] = [];
  readonly #last = new Map<string, LoggedDecision>();

  /** `changed` hears of each decision that changes how many there are. */
  constructor(
    wallMs: () => number,
    changed: (kind: ScaleSubject['kind'], direction: 'up' | 'down') => void = () => {},
  ) {
    this.#wallMs = wallMs;
    this.#changed = changed;
  }

  record(subject: ScaleSubject, snapshot: ScaleSnapshot, policy: ScalePolicy, decision: ScaleDecision): void {
    const by = decision.instances - snapshot.instances;
    if (by !== 0) this.#changed(subject.kind, by > 0 ? 'up' : 'down');
    const key = `${subject.kind}:${subject.name}`;
    const last = this.#last.get(key);
    // Likely made before, and gone from here for later ones: it would take the place of one that changed something.
    if (!last && by === 0 && this.#kept.length === keptMax) return;
    if (last && last.decision.instances === decision.instances) {
      last.repeats++;
      return;
    }
    const logged = { subject, snapshot, policy, decision, at: new Date(this.#wallMs()), repeats: 0 };
    this.#last.set(key, logged);
    this.#kept.push(logged);
    if (this.#kept.length <= keptMax) return;
    const gone = this.#kept.shift();
    const goneKey = gone && `${gone.subject.kind}:${gone.subject.name}`;
    if (goneKey && this.#last.get(goneKey) === gone) this.#last.delete(goneKey);
  }

  /** Newest first; of one subject's name when it is not empty. */
  list(name: string, limit: number): LoggedDecision[] {
    return this.#kept
      .filter(({ subject }) => name === '' || subject.name === name)
      .slice(-limit)
      .reverse();
  }
}
