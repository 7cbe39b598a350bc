import { basicCases, cgiCases, payloadCases, stateCases } from './conformance/call-cases.js';
import { cancelCases } from './conformance/cancel-cases.js';
import { buildCases, failureCases } from './conformance/failure-cases.js';
import type { RuntimeFixtures } from './conformance/fixtures.js';
import { isolationCases } from './conformance/isolation-cases.js';
import { spanCases } from './conformance/span-cases.js';
import { streamCases } from './conformance/stream-cases.js';
import { Subject, slowTestMs } from './conformance/subject.js';
import type { RuntimeLimits } from './limits.js';
import type { Runtime } from './runtime.js';

/**
 * Registers the tests that every runtime must pass. `makeRuntime` is called once, with the limits to use; the runtime is
 * closed at the end and must then have left no process.
 */
export function runtimeConformance(
  name: string,
  makeRuntime: (limits: RuntimeLimits) => Runtime | Promise<Runtime>,
  fixtures: RuntimeFixtures,
): void {
  describe(`runtime ${name}`, () => {
    const subject = new Subject(makeRuntime, fixtures);
    beforeAll(() => subject.start(), slowTestMs);
    afterAll(() => subject.stop(), slowTestMs);
    basicCases(subject, fixtures);
    payloadCases(subject, fixtures);
    failureCases(subject);
    buildCases(subject, fixtures);
    stateCases(subject, fixtures);
    isolationCases(subject, fixtures);
    streamCases(subject);
    if (fixtures.sources.spans) spanCases(subject, fixtures.sources.spans);
    if (fixtures.sources.cgi) cgiCases(subject, fixtures.sources.cgi);
    if (fixtures.sources.endless) cancelCases(subject, fixtures.sources.endless);
  });
}

export type { RuntimeFixtures } from './conformance/fixtures.js';
export type { FixtureSource } from './conformance/support.js';
