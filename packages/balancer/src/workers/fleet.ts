import type { LanguageSupport } from '@relais/contracts';
import type { Pools } from './pool.js';
import type { WorkerSession } from './worker-session.js';

/** The workers that take or finish jobs, by id, in attach order. */
export class Fleet {
  readonly #byId = new Map<string, WorkerSession>();
  readonly #pools: Pools;
  readonly #ejected = new Set<WorkerSession>();

  constructor(pools: Pools) {
    this.#pools = pools;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): WorkerSession | undefined {
    return this.#byId.get(id);
  }

  values(): Iterable<WorkerSession> {
    return this.#byId.values();
  }

  /** The id must be free. */
  add(worker: WorkerSession, nowMs: number): void {
    this.#byId.set(worker.id, worker);
    this.#pools.add(worker, nowMs);
  }

  /** It finishes what it has and gets nothing new. */
  drain(worker: WorkerSession, nowMs: number): void {
    if (worker.state.kind !== 'ready') return;
    this.#ejected.delete(worker);
    worker.state = { kind: 'draining' };
    this.#withdraw(worker, nowMs);
    worker.sendDrain();
  }

  /** It finishes what it has and gets nothing new for now. */
  eject(worker: WorkerSession, nowMs: number): void {
    this.#ejected.add(worker);
    this.#withdraw(worker, nowMs);
  }

  isEjected(worker: WorkerSession): boolean {
    return this.#ejected.has(worker);
  }

  /** It may have so many jobs at once from now on, an ejected one too. */
  admit(worker: WorkerSession, slots: number, nowMs: number): void {
    if (!this.#ejected.delete(worker)) this.#pools.remove(worker, nowMs);
    worker.slots = slots;
    this.#pools.add(worker, nowMs);
  }

  /** It is gone. Does nothing the second time. */
  retire(worker: WorkerSession, nowMs: number): void {
    if (this.#byId.get(worker.id) !== worker) return;
    this.#byId.delete(worker.id);
    this.#ejected.delete(worker);
    this.#withdraw(worker, nowMs);
  }

  /** Why attached workers cannot do something, as they say it; empty when none says. */
  reasonAgainst(lang: string): string {
    for (const worker of this.#byId.values()) {
      const support = worker.languages.find((offer) => offer.lang === lang);
      if (support?.reason) return support.reason;
    }
    return '';
  }

  /** What can be done with each language: run if any worker runs it, build if any builds it; `more` is offered beside them. */
  languages(more: readonly LanguageSupport[]): LanguageSupport[] {
    const byLang = new Map<string, LanguageSupport>();
    for (const offers of [...[...this.#byId.values()].map(({ languages }) => languages), more]) {
      for (const offer of offers) byLang.set(offer.lang, better(byLang.get(offer.lang), offer));
    }
    return [...byLang.values()];
  }

  #withdraw(worker: WorkerSession, nowMs: number): void {
    this.#pools.remove(worker, nowMs);
    worker.reservedFor?.clearReservation();
  }
}

function better(known: LanguageSupport | undefined, offer: LanguageSupport): LanguageSupport {
  if (!known) return { ...offer };
  const runs = known.runs || offer.runs;
  const builds = known.builds || offer.builds;
  const best = score(offer) > score(known) ? offer : known;
  const toolchain = best.toolchain || known.toolchain || offer.toolchain;
  return { lang: offer.lang, runs, builds, reason: runs && builds ? '' : best.reason, toolchain };
}

function score({ runs, builds }: LanguageSupport): number {
  return (builds ? 2 : 0) + (runs ? 1 : 0);
}
