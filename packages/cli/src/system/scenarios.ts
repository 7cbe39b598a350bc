import { buildScenarios } from './scenarios/builds.js';
import { faultScenarios } from './scenarios/faults.js';
import { inputScenarios } from './scenarios/input.js';
import { keyScenarios } from './scenarios/keys.js';
import { languageScenarios } from './scenarios/languages.js';
import { logScenarios } from './scenarios/logs.js';
import { metricScenarios } from './scenarios/metrics.js';
import { protocolScenarios } from './scenarios/protocols.js';
import { restartScenarios } from './scenarios/restarts.js';
import { scalingScenarios } from './scenarios/scaling.js';
import { secretScenarios } from './scenarios/secrets.js';
import { streamingScenarios } from './scenarios/streaming.js';
import { traceScenarios } from './scenarios/traces.js';
import type { Topology } from './topology.js';

/** Every system scenario, unchanged in every topology. */
export function systemScenarios(topology: Topology): void {
  describe(`a platform, ${topology.name}`, () => {
    languageScenarios(topology);
    protocolScenarios(topology);
    inputScenarios(topology);
    keyScenarios(topology);
    secretScenarios(topology);
    traceScenarios(topology);
    logScenarios(topology);
    metricScenarios(topology);
    streamingScenarios(topology);
    faultScenarios(topology);
    restartScenarios(topology);
    scalingScenarios(topology);
    buildScenarios(topology);
  });
}
