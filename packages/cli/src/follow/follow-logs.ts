import { type LogLine, RelaisError } from '@relais/sdk';
import { pause } from '../framework/pause.js';
import type { Surroundings } from '../framework/surroundings.js';
import { lineText, plainLine } from './log-line.js';

/** Which lines; an empty text is no limit. */
export interface LogFilter {
  readonly function: string;
  readonly invocationId: string;
  readonly levelMin: string;
  /** How many lines of calls that are over come first. */
  readonly recentLines: number;
}

/** How long a platform that went away is waited for, and how long between two tries, milliseconds. */
export interface Patience {
  readonly longestMs: number;
  readonly betweenMs: number;
}

const patienceDefault: Patience = { longestMs: 60_000, betweenMs: 500 };

export type Follower = Pick<
  Surroundings,
  'client' | 'drained' | 'interrupted' | 'json' | 'note' | 'paint' | 'paintError' | 'report'
>;

/** Writes the lines of calls that are over, as far as the platform keeps them; how many. */
export async function showRecentLogs(filter: LogFilter, io: Follower): Promise<number> {
  let count = 0;
  const request = { ...filter, recentOnly: true };
  for await (const line of io.client.invocations.tailLogs(request, { signal: io.interrupted })) {
    if (line.invocationId === '') continue;
    count += 1;
    show(line, io);
    await io.drained();
  }
  return count;
}

/**
 * Writes lines until the command is interrupted, and then resolves. A connection that is lost is made anew. Rejects when
 * the first one fails, when the platform stays away longer than `patience` allows, and when it refuses.
 */
export async function followLogs(filter: LogFilter, io: Follower, patience = patienceDefault): Promise<void> {
  let hasBegun = false;
  let lostAtMs: number | undefined;
  const begin = () => {
    const what = hasBegun ? 'following again; what was printed in between is not shown' : 'following; Ctrl-C ends';
    if (io.json) io.report({ following: true }, () => '');
    else io.note(io.paintError('dim', what));
    hasBegun = true;
    lostAtMs = undefined;
  };
  for (;;) {
    // What came before was told by the first connection.
    const failure = await followOnce(hasBegun ? { ...filter, recentLines: 0 } : filter, io, begin);
    if (io.interrupted.aborted) return;
    if (failure.code !== 'unavailable' || !hasBegun) throw failure;
    if (lostAtMs === undefined) {
      lostAtMs = performance.now();
      if (!io.json)
        io.note(io.paintError('yellow', `the platform went away; trying again for ${patience.longestMs / 1000} s ...`));
    }
    if (performance.now() - lostAtMs >= patience.longestMs) throw failure;
    await pause(patience.betweenMs, io.interrupted);
  }
}

/** One connection from its begin to its end; resolves with why it ended. */
async function followOnce(filter: LogFilter, io: Follower, begin: () => void): Promise<RelaisError> {
  let isBegun = false;
  try {
    for await (const line of io.client.invocations.tailLogs(filter, { signal: io.interrupted })) {
      if (!isBegun) begin();
      isBegun = true;
      if (line.invocationId !== '') show(line, io);
      await io.drained();
    }
  } catch (thrown) {
    if (!RelaisError.is(thrown)) throw thrown;
    return thrown;
  }
  return new RelaisError('unavailable', 'The platform is stopping.', {
    reason: 'connection_lost',
    component: 'client',
  });
}

function show(line: LogLine, io: Follower): void {
  if (line.linesDropped > 0 && !io.json) {
    io.note(io.paintError('yellow', `${line.linesDropped} lines left out: they came faster than they were read`));
  }
  io.report(plainLine(line), () => lineText(line, io.paint));
}
