import type { Logger } from '../../logging/logger.js';

/** What a server lends to the services it serves. */
export interface ServiceHost {
  readonly logger: Logger;
  readonly draining: AbortSignal;
  address(): string;
}
