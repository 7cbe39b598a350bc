import { lookup } from 'node:dns/promises';
import { addressesOfThisMachine } from './addresses.js';
import type { Target } from './target.js';

/** What holds for the network of every function of a worker. */
export interface NetworkRules {
  /** Whether the operator lets functions with network=host reach what they do not name. */
  readonly anyHost: boolean;
  /** Roles of the platform on other machines, which no function reaches. */
  readonly peers: readonly Target[];
  /** The addresses of a name. Rejects when it has none. A lookup that has to wait is not begun once the signal is aborted. */
  resolve(host: string, signal?: AbortSignal): Promise<readonly string[]>;
  ownAddresses(): readonly string[];
}

/** Names as this machine resolves them. */
export function networkRules(given: Pick<NetworkRules, 'anyHost' | 'peers'>): NetworkRules {
  return {
    ...given,
    resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    ownAddresses: addressesOfThisMachine,
  };
}

/**
 * The same rules with one lookup at a time: the whole worker has room for two, and a function that asks for names which
 * nobody answers for would take it from all others.
 */
export function lookingUpInTurn(rules: NetworkRules): NetworkRules {
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...rules,
    resolve(host, signal) {
      const turn = last.then(() => {
        signal?.throwIfAborted();
        return rules.resolve(host, signal);
      });
      last = turn.catch(() => {});
      return turn;
    },
  };
}
