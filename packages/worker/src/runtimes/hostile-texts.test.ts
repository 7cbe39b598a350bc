import { reusable } from './c/reuse.js';
import { cleanCrash } from './js/crash-text.js';
import { withoutOwnDirectory } from './php/own-directory.js';
import { diagnosticOf } from './php/syntax.js';
import { parseRustcOutput } from './rust/rust-diagnostics.js';

const textBytes = 256 * 1024;
// Whoever needs the square of the length takes minutes.
const linearMsMax = 1000;

/** As much of a pattern as a log holds. */
function much(pattern: string): string {
  return pattern.repeat(textBytes / pattern.length);
}

const phpSource = { directory: '/src', filename: 'fn.php' };
const cLanguage = { lang: 'c', defaultFilename: 'main.c', filenames: /c/, defaultFlags: [], fixedFlags: [] };
const cFlagsOf = (content: string) => {
  const files = new Map([['main.c', Buffer.from(content)]]);
  return reusable(cLanguage, { files, sources: ['main.c'] })
    .files.get('relais_reuse_main.c')
    ?.toString();
};
const rustMessages = (note: string) => {
  const said = { message: 'linking failed', level: 'error', code: null, spans: [], children: [{ message: note }] };
  return parseRustcOutput(JSON.stringify(said), '/build', 'main.rs', 'main.rs').map(({ message }) => message);
};

test.each<[string, () => unknown, unknown]>([
  ['brackets in a crash of node', () => cleanCrash(`1: 0x1 ${much('[')}\nend`), `1: 0x1 ${much('[')}\nend`],
  ['a path in a log of PHP', () => withoutOwnDirectory(much('/a')), much('/a')],
  [
    'what the compiler of PHP quotes',
    () => diagnosticOf({ stdout: `Fatal error: ${much(' in  on line ')}` }, phpSource).message,
    'The source cannot be compiled as PHP.',
  ],
  ['blank lines of C', () => cFlagsOf(much('\n'))?.includes('iostream'), false],
  ['blanks of C', () => cFlagsOf(much('\r \t'))?.includes('iostream'), false],
  ['a symbol that a linker names', () => rustMessages(`error: \n${much('ld')}`), ['linking failed']],
  [
    'an object file that a linker names',
    () => rustMessages(`ld: error: ${much('.o(')}`)[0]?.slice(0, 20),
    'linking failed: .o(.',
  ],
])('%s takes no more time than its length', (_what, read, expected) => {
  const beganMs = performance.now();
  expect(read()).toEqual(expected);
  expect(performance.now() - beganMs).toBeLessThan(linearMsMax);
});

test('the same texts are still read', () => {
  expect(cleanCrash(' 1: 0xb8 node::Abort() [/usr/bin/node]\n12: 0x7f [node]\nkept [it]')).toBe('kept [it]');
  expect(withoutOwnDirectory('in /tmp/a-1/b/.relais/fn.php:3, (/x/.relais/lib/a.php), /.relais/b')).toBe(
    'in fn.php:3, (lib/a.php), /.relais/b',
  );
  expect(diagnosticOf({ stdout: '\nFatal error: break in A in /src/fn.php on line 12\n' }, phpSource)).toMatchObject({
    message: 'Fatal error: break in A',
    line: 12,
  });
  expect(cFlagsOf('int a;\n \t# include  <iostream>\n')).toContain('iostream');
  expect(rustMessages('cc\nrust-lld: error: /x/lib.rlib(a.o): undefined symbol: f')).toEqual([
    'linking failed: undefined symbol: f',
  ]);
});
