import { type LogLine, Relais, RelaisError } from '@relais/sdk';
import { plainPaint } from '../output/paint.js';
import { type Follower, followLogs } from './follow-logs.js';

const filter = { function: '', invocationId: '', levelMin: '', recentLines: 10 };
const patience = { longestMs: 5_000, betweenMs: 0 };
const lost = new RelaisError('unavailable', 'It broke.', { reason: 'connection_lost' });
const refused = new RelaisError('unavailable', 'Nobody there.', { reason: 'unreachable' });

const empty = {} as Partial<LogLine>;
const line = (text: string, more: Partial<LogLine> = {}): Partial<LogLine> => ({
  ...{ function: 'f', version: 2, invocationId: 'i', level: 'warn', timeMs: 1_700_000_000_000, text },
  ...more,
});

/** A follower of connections of which each yields lines and then fails or ends; the last one is interrupted. */
function follower(...connections: (readonly (Partial<LogLine> | RelaisError)[])[]) {
  const interruption = new AbortController();
  const said: string[] = [];
  const client = new Relais({ url: 'http://127.0.0.1:1' });
  Object.assign(client, {
    invocations: {
      async *tailLogs() {
        for (const item of connections.shift() ?? []) {
          if (RelaisError.is(item)) throw item;
          yield { invocationId: '', linesDropped: 0, platform: false, traceId: '', ...item };
        }
        if (connections.length === 0) interruption.abort();
      },
    },
  });
  const io: Follower = {
    client,
    interrupted: interruption.signal,
    json: false,
    paint: plainPaint,
    paintError: plainPaint,
    drained: async () => undefined,
    note: (text) => void said.push(`! ${text}`),
    report: (_value, human) => void said.push(human()),
  };
  return { io, said };
}

test('lines are shown without what moves a terminal, and what was left out is told', async () => {
  const { io, said } = follower([
    empty,
    line('a\u001b[2J\u009bb'),
    line('c', { linesDropped: 3, platform: true }),
    empty,
  ]);
  await followLogs(filter, io, patience);
  expect(said).toEqual([
    '! following; Ctrl-C ends',
    '2023-11-14T22:13:20.000Z'.slice(11).concat(' f@2 warn  a\ufffd[2J\ufffdb\n'),
    '! 3 lines left out: they came faster than they were read',
    '22:13:20.000Z f@2 warn  c (invocation i)\n',
  ]);
});

test('a connection that breaks, or ends with its platform, is made anew, and the gap is told', async () => {
  const { io, said } = follower([empty, lost], [refused], [refused], [empty], [empty, line('back')]);
  await followLogs(filter, io, patience);
  expect(said).toEqual([
    '! following; Ctrl-C ends',
    '! the platform went away; trying again for 5 s ...',
    '! following again; what was printed in between is not shown',
    '! the platform went away; trying again for 5 s ...',
    '! following again; what was printed in between is not shown',
    expect.stringContaining('back'),
  ]);
});

test.each<[what: string, connections: (Partial<LogLine> | RelaisError)[][], failure: RelaisError]>([
  ['a platform that was never there', [[refused], [empty]], refused],
  ['one that stays away', [[empty, lost], [refused], [empty]], refused],
  ['a refusal', [[new RelaisError('unauthenticated', 'No.')], [empty]], new RelaisError('unauthenticated', 'No.')],
])('%s ends it', async (_what, connections, failure) => {
  const { io } = follower(...connections);
  await expect(followLogs(filter, io, { longestMs: 0, betweenMs: 0 })).rejects.toMatchObject({ code: failure.code });
});
