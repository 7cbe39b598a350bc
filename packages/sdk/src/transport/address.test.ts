import { Relais } from '../relais.js';

test.each([
  ['a key of two lines', { url: 'http://127.0.0.1:9', key: 'rlk_secret\nb' }, 'bad_key'],
  ['a key that was shortened by an ellipsis', { url: 'http://127.0.0.1:9', key: 'rlk_secret…' }, 'bad_key'],
  ['an address with a password', { url: 'http://user:secret@127.0.0.1:9' }, 'bad_url'],
])('%s is refused before anything is sent, and not repeated', (_what, options, reason) => {
  const make = () => new Relais(options);
  expect(make).toThrow(expect.objectContaining({ code: 'invalid_argument', reason }));
  expect(make).not.toThrow(/secret/);
});

test('a key, and an address without one, are taken', () => {
  expect(() => new Relais({ url: 'http://127.0.0.1:9', key: `rlk_${'a'.repeat(16)}_x-Y` })).not.toThrow();
  expect(() => new Relais({ url: 'https://relais.example/below/' })).not.toThrow();
});
