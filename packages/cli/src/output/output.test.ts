import { paintFor, plainPaint } from './paint.js';
import { table } from './table.js';
import { ageText, bytesText, durationText } from './units.js';

test('columns are as wide as they must be, numbers to the right, colours not counted', () => {
  const rows = [
    ['\u001b[1mlong name\u001b[22m', '5', 'x'],
    ['b', '10', ''],
  ];
  expect(table(['NAME', 'N', 'REST'], rows)).toBe(
    'NAME        N  REST\n\u001b[1mlong name\u001b[22m   5  x\nb          10\n',
  );
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [20 * 1024 * 1024, '20 MiB'],
])('%i bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

test.each([
  [0.412, '0.41 ms'],
  [41.6, '42 ms'],
  [1530, '1.53 s'],
])('%d ms are %s', (ms, text) => expect(durationText(ms)).toBe(text));

test.each([
  [5_000, '5 s'],
  [125_000, '2 min'],
  [7_200_000, '2 h'],
  [-5, '0 s'],
])('%i ms ago is %s', (ago, text) => expect(ageText(1_000_000_000 - ago, 1_000_000_000)).toBe(text));

test.each([
  ['a terminal', true, {}, true],
  ['no terminal', false, {}, false],
  ['NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['NO_COLOR against FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ['a dumb terminal', true, { TERM: 'dumb' }, false],
  ['FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
])('colours with %s', (_what, isTerminal, env, coloured) => {
  expect(paintFor(isTerminal, env)('red', 'x') !== plainPaint('red', 'x')).toBe(coloured);
});
