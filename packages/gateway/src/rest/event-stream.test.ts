import { eventOf, OneEvent } from './event-stream.js';

test.each([
  ['nothing', ['']],
  ['one line', ['a', 'b']],
  ['lines of every kind', ['a\r\nb\rc\n', 'd']],
  ['a line end that is cut', ['a\r', '\nb\r', '', 'c\r']],
  ['line ends alone', ['\n\n\r', '\r\n', '\n']],
])('%s in pieces is the event that the whole text is', (_what, pieces) => {
  const event = new OneEvent();
  const written = pieces.map((piece) => event.piece(piece)).join('') + event.end();
  expect(written).toBe(eventOf(pieces.join('')));
});

test('an event ends with the only empty line in it', () => {
  expect(eventOf('a\n\nb', 'end')).toBe('event: end\ndata: a\ndata: \ndata: b\n\n');
});
