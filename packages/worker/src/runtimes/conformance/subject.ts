import type { RuntimeLimits } from '../limits.js';
import type { Runtime } from '../runtime.js';
import type { RuntimeFixtures } from './fixtures.js';
import {
  conformanceLimits,
  deployForTest,
  descendantPids,
  type FixtureSource,
  type TestFunction,
  until,
} from './support.js';

/** Generous: the first compile of a fixture may share a busy machine. */
export const slowTestMs = 90_000;

/** The runtime under test and the fixtures it has loaded, each at most once. */
export class Subject {
  readonly #make: (limits: RuntimeLimits) => Runtime | Promise<Runtime>;
  readonly #fixtures: RuntimeFixtures;
  readonly #loaded = new Map<string, Promise<TestFunction>>();
  #runtime: Runtime | undefined;
  #pidsBefore = new Set<number>();

  constructor(make: (limits: RuntimeLimits) => Runtime | Promise<Runtime>, fixtures: RuntimeFixtures) {
    this.#make = make;
    this.#fixtures = fixtures;
  }

  get runtime(): Runtime {
    if (!this.#runtime) throw new Error('the runtime was not made');
    return this.#runtime;
  }

  async start(): Promise<void> {
    this.#pidsBefore = descendantPids();
    this.#runtime = await this.#make(conformanceLimits);
  }

  /** Closes twice, which must be safe, and waits until no process is left. */
  async stop(): Promise<void> {
    for (const pending of this.#loaded.values()) await (await pending.catch(() => undefined))?.loaded.close();
    await this.#runtime?.close();
    await this.#runtime?.close();
    await until('every process of the runtime is gone', () =>
      [...descendantPids()].every((pid) => this.#pidsBefore.has(pid)),
    );
  }

  /** The function of a fixture, built and loaded on first use. */
  get(key: keyof RuntimeFixtures['sources']): Promise<TestFunction> {
    const known = this.#loaded.get(key);
    if (known) return known;
    const source = this.#fixtures.sources[key];
    if (source === undefined) throw new Error(`no fixture ${key}`);
    const pending = this.deploy(source);
    this.#loaded.set(key, pending);
    return pending;
  }

  deploy(source: FixtureSource, config = {}): Promise<TestFunction> {
    return deployForTest(this.runtime, this.#fixtures.filename, source, config);
  }
}
