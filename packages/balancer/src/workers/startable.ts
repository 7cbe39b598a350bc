import type { LanguageSupport } from '@relais/contracts';
import type { HostKind } from './supervisors.js';
import type { WorkerSession } from './worker-session.js';

/**
 * What workers can do that run or would soon, whether a supervisor keeps them or calls start them: as the last one of such a kind
 * said of itself, and as its supervisor says while none has been seen. So a platform whose first worker is there knows what
 * the next will bring.
 */
export class Startable {
  readonly #kinds: () => readonly HostKind[];
  readonly #seen = new Map<string, readonly LanguageSupport[]>();

  constructor(kinds: () => readonly HostKind[]) {
    this.#kinds = kinds;
  }

  /** Workers that calls would start, of kinds of which none is kept running. */
  get count(): number {
    const onDemand = this.#kinds().filter(({ kept }) => kept === 0);
    return onDemand.reduce((sum, { max }) => sum + max, 0);
  }

  /** A worker has attached: what the machine has shows in what it offers. */
  saw({ host, inline, languages }: WorkerSession): void {
    this.#seen.set(keyOf(host, inline), languages);
  }

  languages(): LanguageSupport[] {
    const known = this.#kinds().filter(({ max }) => max > 0);
    return known.flatMap((kind) => this.#seen.get(keyOf(kind.host, kind.inline)) ?? promisedBy(kind));
  }

  /** Whether such a worker would do one kind of work in one language. */
  does(work: 'run' | 'build', lang: string): boolean {
    return this.languages().some(
      (support) => support.lang === lang && (work === 'run' ? support.runs : support.builds),
    );
  }

  /** Whether calls of a language run in processes wherever they run. */
  inProcesses(lang: string): boolean {
    return this.#kinds().some(({ inline, runs }) => !inline && runs.includes(lang));
  }
}

function keyOf(host: string, inline: boolean): string {
  return `${inline}:${host}`;
}

function promisedBy({ builds, runs }: HostKind): LanguageSupport[] {
  return [...new Set([...runs, ...builds])].map((lang) => ({
    lang,
    runs: runs.includes(lang),
    builds: builds.includes(lang),
    reason: '',
    toolchain: '',
  }));
}
