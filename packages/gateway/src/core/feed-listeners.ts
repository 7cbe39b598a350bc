import type { FeedListener } from './change-feed.js';

/** One listener that tells several, in order. */
export function feedListeners(...listeners: readonly FeedListener[]): FeedListener {
  return {
    changed: (names) => {
      for (const listener of listeners) listener.changed(names);
    },
    live: () => {
      for (const listener of listeners) listener.live();
    },
    lost: () => {
      for (const listener of listeners) listener.lost();
    },
  };
}
