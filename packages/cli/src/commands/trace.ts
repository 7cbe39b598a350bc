import type { Command } from '../framework/command.js';
import { safeText } from '../output/safe-text.js';
import { durationText } from '../output/units.js';

const barChars = 40;
const nameCharsMax = 44;

export const trace: Command = {
  name: 'trace',
  summary: 'show where the time of one call went, hop by hop',
  arguments: [{ name: 'ID', describe: 'a trace id or an invocation id' }],
  examples: [{ line: 'relais trace 0f78354188c198c9ea62a872a73753ef', does: 'its spans as a waterfall' }],
  async run(input, io) {
    const answer = await io.client.traces.getTrace({ id: input.argument('ID') }, { signal: io.interrupted });
    const spans = answer.trace?.spans ?? [];
    const plain = spans.map(({ durationUs, failed, name, parentSpanId, scope, service, spanId, startUs }) => {
      return { spanId, parentSpanId, name, scope, service, startUs, durationUs, failed };
    });
    io.report({ traceId: answer.traceId, spans: plain, spansDropped: answer.trace?.spansDropped ?? 0 }, () =>
      waterfall(plain)
        .map(({ failed, line }) => `${failed ? io.paint('red', line) : line}\n`)
        .join(''),
    );
    return undefined;
  },
};

/** What a waterfall shows of a span. */
export interface WaterfallSpan {
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly scope: string;
  /** Microseconds since the epoch. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly failed: boolean;
}

/** One line for each span, children under their parents in the order they began, with a bar for when it ran. */
export function waterfall(spans: readonly WaterfallSpan[]): { readonly line: string; readonly failed: boolean }[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const byStart = [...spans].sort((a, b) => a.startUs - b.startUs);
  const beganUs = byStart[0]?.startUs ?? 0;
  const allUs = Math.max(1, ...spans.map(({ durationUs, startUs }) => startUs + durationUs - beganUs));
  const below = (parent: string, depth: number): { line: string; failed: boolean }[] =>
    byStart
      // A span whose parent was not kept stands as a root.
      .filter(({ parentSpanId }) => (known.has(parentSpanId) ? parentSpanId : '') === parent)
      .flatMap((span) => [{ line: lineOf(span, depth), failed: span.failed }, ...below(span.spanId, depth + 1)]);
  const lineOf = ({ durationUs, name, scope, startUs }: WaterfallSpan, depth: number): string => {
    const title = `${'  '.repeat(depth)}${safeText(`${scope} ${name}`)}`.slice(0, nameCharsMax).padEnd(nameCharsMax);
    const from = Math.floor(((startUs - beganUs) / allUs) * barChars);
    const length = Math.max(1, Math.round((durationUs / allUs) * barChars));
    const bar = `${' '.repeat(from)}${'█'.repeat(length)}`.slice(0, barChars).padEnd(barChars);
    return `${title} ${bar} ${durationText(durationUs / 1000)}`;
  };
  return below('', 0);
}
