import type { Logger } from '../../logging/logger.js';
import type { SpanCarrier } from '../../telemetry/span-carrier.js';

/** What a server lends to the services it serves. */
export interface ServiceHost {
  readonly logger: Logger;
  readonly draining: AbortSignal;
  /** Gives the spans that go out with answers. */
  readonly carrier?: SpanCarrier | undefined;
  address(): string;
}
