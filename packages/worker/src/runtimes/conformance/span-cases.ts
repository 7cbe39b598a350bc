import { spanIdOf } from '@relais/kit';
import { userSpansMax } from '../../processes/user-spans.js';
import type { CallOutcome } from '../runtime.js';
import { type Subject, slowTestMs } from './subject.js';
import type { FixtureSource } from './support.js';
import { outputOf } from './support.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const sampled = `00-${traceId}-b7ad6b7169203331-01`;

export function spanCases(subject: Subject, source: FixtureSource): void {
  test(
    'times what user code asks for: nested, with failures and attributes, and not without end',
    async () => {
      const fn = await subject.deploy(source);
      const outcome = await fn.call({ traceparent: sampled, tracestate: 'vendor=1' });
      expect(outputOf(outcome).toString()).toBe('kept|vendor=1');
      const [inner, broken, outer] = ['inner', 'broken', 'outer'].map((name) => spanNamed(outcome, name));
      expect([inner?.parentSpanId, broken?.parentSpanId]).toEqual([outer?.spanId, outer?.spanId]);
      expect(outer).toMatchObject({ parentSpanId: spanIdOf(sampled), failed: false, attributes: { rows: 3 } });
      expect(Object.keys(outer?.attributes ?? {})).toEqual(['rows']);
      expect([inner?.failed, broken?.failed]).toEqual([false, true]);
      expect(outer?.durationMs).toBeGreaterThanOrEqual((inner?.durationMs ?? 0) + (broken?.durationMs ?? 0));
      expect(outcome.spans).toHaveLength(userSpansMax);
      // The one span after another is not within it.
      expect(spanNamed(outcome, 'many')?.parentSpanId).toBe(spanIdOf(sampled));
      await fn.loaded.close();
    },
    slowTestMs,
  );

  test(
    'a call that is not sampled runs the same without spans',
    async () => {
      const fn = await subject.deploy(source);
      const outcome = await fn.call({ traceparent: sampled.replace(/01$/, '00') });
      expect(outputOf(outcome).toString()).toBe('kept|');
      expect(outcome.spans).toEqual([]);
      await fn.loaded.close();
    },
    slowTestMs,
  );
}

function spanNamed({ spans = [] }: CallOutcome, name: string) {
  return spans.find((span) => span.name === name);
}
