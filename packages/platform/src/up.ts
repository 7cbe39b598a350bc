import { type LoadedConfig, startTelemetry, systemClock } from '@relais/kit';
import { checkRoles } from './config/check-roles.js';
import type { platformSchema } from './config/schema.js';
import { exporterOf, logTo, tracesOf } from './observability.js';
import { compose } from './roles/compose.js';
import { releaseVersion } from './version.js';

/** How the command that starts a platform talks to its user and hears of its end. */
export interface UpSurroundings {
  /** Writes one line to the user. */
  readonly say: (line: string) => void;
  /** Whether that is a terminal, where nothing keeps what is said. */
  readonly isTerminal: boolean;
  /** Calls back on each request to stop: the first drains, the second ends at once. */
  readonly onStopRequest: (callback: () => void) => void;
}

/**
 * Runs the roles of this process until asked to stop. Resolves with the exit code; rejects with RelaisError when a role
 * cannot start.
 */
export async function up(
  { values: config }: LoadedConfig<typeof platformSchema>,
  { isTerminal, say, onStopRequest }: UpSurroundings,
): Promise<number> {
  checkRoles(config);
  const logger = logTo('platform', config.logLevel);
  const telemetry = await startTelemetry({
    serviceName: 'relais',
    version: releaseVersion,
    exporter: exporterOf(config),
    sampleRatio: config.traceSampleRatio,
    tracesPerSecondMax: config.tracesPerSecondMax,
    traces: tracesOf(config.roles),
    storeBounds: { bytesMax: config.traceStoreMb * 1024 * 1024 },
    logger,
  });
  const composition = compose(config, systemClock, telemetry, isTerminal ? say : undefined);
  const stopping = new AbortController();
  const stopRequested = new Promise<void>((resolve) => {
    onStopRequest(() => {
      stopping.abort();
      resolve();
    });
  });
  try {
    await composition.group.start();
    await Promise.race([composition.ready(stopping.signal), stopRequested]);
    if (!stopping.signal.aborted) {
      say(`relais ready ${composition.describe()}`);
      const url = composition.url();
      if (url) say(`try: curl -X POST '${url}/deploy?name=hello&lang=c' --data-binary @examples/hello.c`);
      await stopRequested;
    }
    // It takes calls before it is ready.
    say('relais draining; once more to stop at once');
    await composition.group.stop(config.drainMs);
    return 0;
  } finally {
    await composition.group.stop(0);
    await telemetry.shutdown();
  }
}
