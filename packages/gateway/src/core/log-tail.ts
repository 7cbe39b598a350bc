import { type Clock, RelaisError, traceIdOf } from '@relais/kit';
import type { CallReport } from './call-report.js';
import type { Caller } from './caller.js';
import { invalid } from './failures.js';

/** From the least to the most severe. */
export const lineLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LineLevel = (typeof lineLevels)[number];

/** One line: something a function printed, or what became of its call. */
export interface TailedLine {
  /** When the call ended, milliseconds since the epoch. */
  readonly timeMs: number;
  readonly function: string;
  readonly version: number;
  readonly invocationId: string;
  readonly traceId: string;
  readonly level: LineLevel;
  readonly text: string;
  /** True: not printed by the function. */
  readonly platform: boolean;
  /** Lines left out before this one. */
  readonly linesDropped: number;
}

export interface TailFilter {
  /** Empty: all. */
  readonly function: string;
  /** Empty: all. */
  readonly invocationId: string;
  /** In any case; empty: all. */
  readonly levelMin: string;
}

const tailsMax = 100;
const linesWaitingMax = 1000;
const lineCharsMax = 8192;

/** What functions print, for whoever looks on. Costs nothing while nobody does. */
export class LogTail {
  readonly #clock: Clock;
  readonly #tails = new Set<Tail>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Hears of a call that is over. */
  called(report: CallReport): void {
    if (this.#tails.size === 0) return;
    const lines = linesOf(report, this.#clock.wallMs());
    for (const tail of this.#tails) tail.offer(report, lines);
  }

  /**
   * The lines of calls that end from now on, until the signal fires. At most 1000 wait for a slow reader; what is left out
   * is counted. Throws invalid_argument, and resource_exhausted when a hundred look on already.
   */
  async *follow(filter: TailFilter, { functions }: Caller, ended: AbortSignal): AsyncGenerator<TailedLine> {
    const levelAt = lineLevels.indexOf((filter.levelMin.toLowerCase() || 'debug') as LineLevel);
    if (levelAt === -1) throw invalid('unknown_level', `levelMin is one of ${lineLevels.join(', ')}.`);
    if (this.#tails.size >= tailsMax) throw tooMany();
    const tail = new Tail(filter, levelAt, functions);
    this.#tails.add(tail);
    try {
      while (!ended.aborted) {
        yield* tail.take();
        await tail.more(ended);
      }
    } finally {
      this.#tails.delete(tail);
    }
  }
}

/** One who looks on. */
class Tail {
  readonly #filter: TailFilter;
  readonly #levelAt: number;
  readonly #functions: ReadonlySet<string> | undefined;
  #waiting: TailedLine[] = [];
  #dropped = 0;
  #wake: (() => void) | undefined;

  constructor(filter: TailFilter, levelAt: number, functions: ReadonlySet<string> | undefined) {
    this.#filter = filter;
    this.#levelAt = levelAt;
    this.#functions = functions;
  }

  offer({ functionName, invocationId }: CallReport, lines: readonly TailedLine[]): void {
    const { function: name, invocationId: only } = this.#filter;
    if ((name !== '' && name !== functionName) || (only !== '' && only !== invocationId)) return;
    if (this.#functions && !this.#functions.has(functionName)) return;
    for (const line of lines) if (lineLevels.indexOf(line.level) >= this.#levelAt) this.#push(line);
    this.#wake?.();
  }

  take(): TailedLine[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** Resolves when there are lines, or when it is over. */
  more(ended: AbortSignal): Promise<void> {
    if (this.#waiting.length > 0 || ended.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        ended.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = done;
      ended.addEventListener('abort', done);
    });
  }

  #push(line: TailedLine): void {
    if (this.#waiting.length >= linesWaitingMax) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(this.#dropped === 0 ? line : { ...line, linesDropped: this.#dropped });
    this.#dropped = 0;
  }
}

function linesOf(report: CallReport, timeMs: number): TailedLine[] {
  const { failure, functionName, invocationId, result, traceparent, version } = report;
  const common = { timeMs, function: functionName, version, invocationId, traceId: traceIdOf(traceparent) };
  const line = (level: LineLevel, text: string, platform: boolean) => ({
    ...common,
    ...{ level, text: text.slice(0, lineCharsMax), platform, linesDropped: 0 },
  });
  const printed = (result?.logs ?? '').split('\n').filter((text) => text !== '');
  const took = `${(report.endMs - report.startMs).toFixed(1)} ms`;
  const truncated = result?.logsTruncated ? [line('warn', 'What it printed beyond 256 KiB is left out.', true)] : [];
  return [
    ...printed.map((text) => line(levelOf(text), text, false)),
    ...truncated,
    failure
      ? line('error', `failed after ${took}: ${failure.message}`, true)
      : line('info', `ended after ${took}`, true),
  ];
}

// The loggers that handlers are given begin a line with its level.
function levelOf(text: string): LineLevel {
  const word = /^(DEBUG|INFO|WARN|ERROR) /.exec(text)?.[1];
  return word ? (word.toLowerCase() as LineLevel) : 'info';
}

function tooMany(): Error {
  return new RelaisError('resource_exhausted', `${tailsMax} already look on; end one of them first.`, {
    reason: 'busy',
    component: 'gateway',
    limit: { name: 'tailsMax', limit: tailsMax, used: tailsMax },
  });
}
