/** A span as GET /traces/ID answers it; what of it is used here. */
export interface SpanView {
  readonly name: string;
  readonly scope: string;
  readonly kind: string;
  readonly startUs: number;
  readonly durationUs: number;
}

/**
 * Parts of a call in the order in which they pass: from the socket to the queue, waiting, on the way to the worker, what the
 * worker does before the function runs, the function, and the way back.
 */
export const hopNames = ['edge', 'queue', 'dispatch', 'cold', 'run', 'return'] as const;
export type HopName = (typeof hopNames)[number];
export type Hops = Readonly<Record<HopName, number>>;

/** Where the time of one call went, milliseconds; undefined when a span that is needed is missing. */
export function hopsOf(spans: readonly SpanView[]): Hops | undefined {
  const gateway = spans.find(({ kind, scope }) => scope === 'gateway' && kind === 'server');
  const queues = spans.filter(({ name }) => name === 'balancer queue');
  // Of a call that was tried again, the last try answered.
  const dispatch = spans.findLast(({ name }) => name === 'balancer dispatch');
  const worker = spans.findLast(({ kind, scope }) => scope === 'worker' && kind === 'server');
  const runtime = spans.findLast(({ scope }) => scope === 'runtime');
  const [queue] = queues;
  if (!gateway || !queue || !dispatch || !worker || !runtime) return undefined;
  const ms = (us: number) => Math.max(0, us) / 1000;
  return {
    edge: ms(queue.startUs - gateway.startUs),
    queue: ms(queues.reduce((sum, { durationUs }) => sum + durationUs, 0)),
    dispatch: ms(worker.startUs - dispatch.startUs),
    cold: ms(worker.durationUs - runtime.durationUs),
    run: ms(runtime.durationUs),
    return: ms(gateway.startUs + gateway.durationUs - worker.startUs - worker.durationUs),
  };
}
