import { RelaisError } from '@relais/kit';
import { knownLanguages, languageOf } from './languages.js';

test.each([
  ['c', '', 'c'],
  ['C++', '', 'cpp'],
  ['rs', '', 'rust'],
  ['golang', '', 'go'],
  ['node', '', 'js'],
  ['TypeScript', '', 'ts'],
  ['py', '', 'python'],
  ['php', 'x.py', 'php'],
  ['', 'hello.rs', 'rust'],
  ['', 'a.b.CC', 'cpp'],
  ['', 'worker.mjs', 'js'],
  ['', 'index.htm', 'html'],
])('lang=%j filename=%j is %s', (lang, filename, expected) => {
  expect(languageOf(lang, filename).lang).toBe(expected);
});

test.each([
  ['cobol', ''],
  ['', ''],
  ['', 'Makefile'],
  ['', 'x.f77'],
  ['', 'app.tar.gz'],
  ['', 'app.zip'],
  ['__proto__', ''],
])('lang=%j filename=%j is refused with the list', (lang, filename) => {
  const failure = RelaisError.from(thrownBy(() => languageOf(lang, filename)));
  expect(failure).toMatchObject({ code: 'invalid_argument', fields: { reason: 'unknown_language' } });
  for (const known of knownLanguages) expect(failure.message).toContain(known.lang);
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}
