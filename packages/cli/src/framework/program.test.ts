import type { Command } from './command.js';
import { choose } from './program.js';

const facts = { version: '1.2.3', summary: 'Summary.', epilogue: 'Epilogue.' };
const run = async () => undefined;
const table: Command[] = [
  {
    name: 'send',
    summary: 'send it',
    arguments: [
      { name: 'WHAT', describe: 'what' },
      { name: 'MORE', describe: 'more', optional: true, repeated: true },
    ],
    options: [
      { name: 'to', short: 't', value: 'WHOM', describe: 'whom', repeated: true },
      { name: 'how', value: 'HOW', describe: 'how', choices: ['fast', 'slow'] },
      { name: 'wait-ms', value: 'MS', describe: 'how long' },
      { name: 'no-wrap', describe: 'as it is' },
    ],
    examples: [{ line: 'relais send x', does: 'sends x' }],
    run,
  },
  {
    name: 'list',
    summary: 'list',
    examples: [],
    remote: false,
    run,
    subcommands: [{ name: 'drain', summary: 'drain', arguments: [{ name: 'ID', describe: 'id' }], examples: [], run }],
  },
  { name: 'up', summary: 'run', examples: [], ownFlags: true, run },
];

async function chosen(...argv: string[]) {
  const choice = await choose(table, argv, facts);
  if (typeof choice === 'string') throw new Error(`said ${choice}`);
  return choice;
}

test('a command gets its arguments and options', async () => {
  const { command, input } = await chosen('send', 'a', 'b', 'c', '-t', 'x', '--to', 'y', '--wait-ms', '7', '--no-wrap');
  expect(command.name).toBe('send');
  expect([input.argument('WHAT'), input.arguments('MORE'), input.texts('to')]).toEqual(['a', ['b', 'c'], ['x', 'y']]);
  expect([input.count('wait-ms'), input.flag('no-wrap'), input.flag('json')]).toEqual([7, true, false]);
});

test('what is not given is absent', async () => {
  const { input } = await chosen('send', 'a');
  expect([input.optionalArgument('MORE'), input.arguments('MORE'), input.texts('to')]).toEqual([undefined, [], []]);
  expect([input.text('how'), input.count('wait-ms'), input.flag('no-wrap')]).toEqual([undefined, undefined, false]);
});

test('a command that reads its own flags gets them as typed', async () => {
  const { input } = await chosen('up', '--port', '0', '--help', '-x');
  expect(input.raw).toEqual(['--port', '0', '--help', '-x']);
});

test('help is had by its own word too', async () => {
  expect(await choose(table, ['help', 'send'], facts)).toBe(await choose(table, ['send', '--help'], facts));
  expect(await choose(table, ['help'], facts)).toBe(await choose(table, [], facts));
});

test('a command below another', async () => {
  const { command, input } = await chosen('list', 'drain', 'w1');
  expect([command.name, input.argument('ID')]).toEqual(['drain', 'w1']);
  expect((await chosen('list')).command.name).toBe('list');
});

test.each([
  [[], ['Usage: relais', 'send', 'Epilogue.']],
  [['--help'], ['Usage: relais']],
  [['--version'], ['1.2.3']],
  [
    ['send', '--help'],
    ['Send it.', 'relais send x', 'sends x', '--url', '(choices: "fast", "slow")'],
  ],
])('%j is answered with help', async (argv, expected) => {
  const said = await choose(table, argv, facts);
  for (const text of expected) expect(said).toContain(text);
});

test.each([
  [['sned'], /Unknown command 'sned'.*send/],
  [['send'], /[Mm]issing required argument 'WHAT'/],
  [['send', 'a', '--hwo', 'fast'], /Unknown option '--hwo'.*--how/],
  [['send', 'a', '--how', 'quick'], /fast, slow/],
  [['list', 'x', 'y'], /./],
])('%j is wrong use, and what was meant is said', async (argv, message) => {
  await expect(choose(table, argv, facts)).rejects.toMatchObject({
    code: 'invalid_argument',
    reason: 'wrong_use',
    message: expect.stringMatching(message),
  });
});

test.each(['0', '-1', 'x', '1.5', ''])('%j is no count', async (text) => {
  const { input } = await chosen('send', 'a', `--wait-ms=${text}`);
  expect(() => input.count('wait-ms')).toThrow(expect.objectContaining({ reason: 'wrong_use' }));
});
