/** What is compared of a worker. */
export interface Peer {
  /** Languages it runs, in order. */
  readonly runLangs: readonly string[];
  /** slowness: undefined before there are enough calls to tell. */
  readonly health: { readonly slowness: number | undefined };
}

interface Group {
  readonly langs: ReadonlySet<string>;
  /** Slowness of all that run one of them, in order. */
  readonly sorted: number[];
}

/** Of two that differ nobody can tell which one is as it should be: the functions they run may not be alike. */
const othersMin = 2;

/**
 * How slow the workers are that run the same languages, at one moment: sorted once for each set of languages, so that looking
 * at all workers costs O(workers × log workers).
 */
export class PeerSlowness {
  readonly #peers: readonly Peer[];
  readonly #groups = new Map<string, Group>();

  constructor(peers: Iterable<Peer>) {
    this.#peers = [...peers];
  }

  /** The median slowness of the others that run one of its languages; undefined where there are too few to tell. */
  usualBeside(peer: Peer): number | undefined {
    const { slowness } = peer.health;
    if (slowness === undefined) return undefined;
    const { sorted } = this.#groupOf(peer);
    const others = sorted.length - 1;
    if (others < othersMin) return undefined;
    const middle = Math.floor((others - 1) / 2);
    return sorted[middle < placeOf(sorted, slowness) ? middle : middle + 1];
  }

  /** It is compared with no longer. slowness: as it was. */
  leave({ runLangs }: Peer, slowness: number): void {
    for (const { langs, sorted } of this.#groups.values()) {
      if (runLangs.some((lang) => langs.has(lang))) sorted.splice(placeOf(sorted, slowness), 1);
    }
  }

  #groupOf({ runLangs }: Peer): Group {
    const key = runLangs.join('\n');
    let group = this.#groups.get(key);
    if (!group) {
      const langs = new Set(runLangs);
      const able = this.#peers.filter((other) => other.runLangs.some((lang) => langs.has(lang)));
      group = { langs, sorted: able.flatMap(({ health }) => health.slowness ?? []).sort((a, b) => a - b) };
      this.#groups.set(key, group);
    }
    return group;
  }
}

/** The first place of a value, or where it would be. */
function placeOf(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
