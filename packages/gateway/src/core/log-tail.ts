import { type Clock, traceIdOf } from '@relais/kit';
import type { CallReport } from './call-report.js';
import type { Caller } from './caller.js';
import { invalid, tooManyLookOn } from './failures.js';
import { hasToTell, RecentCalls, type ToldCall, toldCall } from './recent-calls.js';

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
  /** First this many of the latest lines of calls that are over. */
  readonly recentLines: number;
  /** Nothing behind those. */
  readonly recentOnly: boolean;
}

const tailsMax = 100;
const linesWaitingMax = 1000;
const recentLinesMax = 1000;
const lineCharsMax = 8192;

/** What functions print, for whoever looks on, and what they printed of late. A call that prints nothing costs nothing. */
export class LogTail {
  readonly #clock: Clock;
  readonly #recent = new RecentCalls();
  readonly #tails = new Set<Tail>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Hears of a call that is over. */
  called(report: CallReport): void {
    const isKept = hasToTell(report);
    if (!isKept && this.#tails.size === 0) return;
    const call = toldCall(report, this.#clock.wallMs());
    if (isKept) this.#recent.add(call);
    if (this.#tails.size === 0) return;
    const lines = linesOf(call);
    for (const tail of this.#tails) tail.offer(call, lines);
  }

  /**
   * The latest lines that are kept, as many as asked for; then those of calls that end from now on, until the signal fires.
   * At most 1000 wait for a slow reader; what is left out is counted. Throws invalid_argument, and resource_exhausted when
   * a hundred look on already.
   */
  async *follow(filter: TailFilter, { functions }: Caller, ended: AbortSignal): AsyncGenerator<TailedLine> {
    const levelAt = lineLevels.indexOf((filter.levelMin.toLowerCase() || 'debug') as LineLevel);
    if (levelAt === -1) throw invalid('unknown_level', `levelMin is one of ${lineLevels.join(', ')}.`);
    if (filter.recentLines > recentLinesMax) {
      throw invalid('too_many_lines', `recentLines is at most ${recentLinesMax}.`);
    }
    const tail = new Tail(filter, levelAt, functions);
    if (filter.recentOnly) return yield* this.#latest(tail, filter.recentLines);
    if (ended.aborted) return;
    if (this.#tails.size >= tailsMax) throw tooManyLookOn('tailsMax', tailsMax);
    // Whoever has left asks for no more lines, so this may never go on behind a yield.
    const forget = () => void this.#tails.delete(tail);
    ended.addEventListener('abort', forget, { once: true });
    this.#tails.add(tail);
    try {
      yield* this.#latest(tail, filter.recentLines);
      while (!ended.aborted) {
        yield* tail.take();
        await tail.more(ended);
      }
    } finally {
      ended.removeEventListener('abort', forget);
      forget();
    }
  }

  /** Collected at once, so that no call is told twice or left out between these and those to come. */
  #latest(tail: Tail, count: number): TailedLine[] {
    const latest: TailedLine[] = [];
    for (const call of this.#recent.newest()) {
      if (latest.length >= count) break;
      latest.push(...tail.wanted(call, linesOf(call)).reverse());
    }
    return latest.slice(0, count).reverse();
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

  offer(call: ToldCall, lines: readonly TailedLine[]): void {
    const wanted = this.wanted(call, lines);
    if (wanted.length === 0) return;
    for (const line of wanted) this.#push(line);
    this.#wake?.();
  }

  /** Those lines of a call that it looks out for. */
  wanted({ functionName, invocationId }: ToldCall, lines: readonly TailedLine[]): TailedLine[] {
    const { function: name, invocationId: only } = this.#filter;
    if ((name !== '' && name !== functionName) || (only !== '' && only !== invocationId)) return [];
    if (this.#functions && !this.#functions.has(functionName)) return [];
    return lines.filter(({ level }) => lineLevels.indexOf(level) >= this.#levelAt);
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

function linesOf(call: ToldCall): TailedLine[] {
  const { failure, functionName, invocationId, logs, logsTruncated, timeMs, tookMs, traceparent, version } = call;
  const common = { timeMs, function: functionName, version, invocationId, traceId: traceIdOf(traceparent) };
  const line = (level: LineLevel, text: string, platform: boolean) => ({
    ...common,
    ...{ level, text: text.slice(0, lineCharsMax), platform, linesDropped: 0 },
  });
  const printed = logs.split('\n').filter((text) => text !== '');
  const took = `${tookMs.toFixed(1)} ms`;
  const truncated = logsTruncated ? [line('warn', 'What it printed beyond 256 KiB is left out.', true)] : [];
  return [
    ...printed.map((text) => line(levelOf(text), text, false)),
    ...truncated,
    failure === undefined
      ? line('info', `ended after ${took}`, true)
      : line('error', `failed after ${took}: ${failure}`, true),
  ];
}

// The loggers that handlers are given begin a line with its level.
function levelOf(text: string): LineLevel {
  const word = /^(DEBUG|INFO|WARN|ERROR) /.exec(text)?.[1];
  return word ? (word.toLowerCase() as LineLevel) : 'info';
}
