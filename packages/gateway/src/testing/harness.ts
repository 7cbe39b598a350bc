import { passThroughTracer, silentLogger, systemClock } from '@relais/kit';
import { Gateway, type GatewayOptions } from '../gateway.js';
import { FakeDispatch } from './fake-dispatch.js';
import { FakeFleet } from './fake-fleet.js';
import { MemoryStorage } from './memory-storage.js';

/** A gateway on a free loopback port over in-memory roles. */
export interface Harness {
  readonly gateway: Gateway;
  readonly storage: MemoryStorage;
  readonly dispatch: FakeDispatch;
  readonly fleet: FakeFleet;
  readonly url: string;
  readonly port: number;
}

/** Options of the gateway, and roles that several share. */
export type HarnessOptions = Omit<Partial<GatewayOptions>, 'storage'> & { readonly storage?: MemoryStorage };

export async function startGateway(options: HarnessOptions = {}): Promise<Harness> {
  const { storage = new MemoryStorage() } = options;
  const dispatch = new FakeDispatch();
  const fleet = new FakeFleet();
  const gateway = new Gateway({
    host: '127.0.0.1',
    port: 0,
    storage,
    dispatch,
    fleet,
    clock: systemClock,
    logger: silentLogger,
    tracer: passThroughTracer,
    version: '0.0.0-test',
    // What raw requests of the tests call it.
    publicHosts: ['x'],
    ...options,
  });
  await gateway.start();
  return { gateway, storage, dispatch, fleet, url: gateway.url, port: Number(new URL(gateway.url).port) };
}

/** Waits until a condition holds; rejects after deadlineMs. */
export async function until(condition: () => boolean, deadlineMs = 5_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('the condition did not come true in time');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Asks again and again; resolves with the first answer that will do, rejects when there was none within 10 s. */
export async function answerThat<T>(ask: () => Promise<T>, willDo: (answer: T) => boolean): Promise<T> {
  const endMs = performance.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (willDo(answer)) return answer;
    if (performance.now() > endMs) throw new Error(`the last answer was still ${JSON.stringify(answer)}`);
  }
}
