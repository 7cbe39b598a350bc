import { RelaisError } from '@relais/kit';
import { findEntry } from './entry.js';

const tree = (files: Record<string, string>) =>
  new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));

test.each([
  ['js', { 'index.js': '', 'index.mjs': '' }, 'index.mjs'],
  ['js', { 'package.json': '{"main":"./lib/start.js"}', 'lib/start.js': '', 'index.js': '' }, 'lib/start.js'],
  ['js', { 'package.json': '{"main":"lib"}', 'lib/index.js': '', 'a.js': '' }, 'lib/index.js'],
  ['js', { 'package.json': '{"exports":"./a.mjs","main":"b.js"}', 'a.mjs': '', 'b.js': '' }, 'a.mjs'],
  ['js', { 'package.json': '{"exports":{".":"./a.mjs"}}', 'a.mjs': '', 'b.js': '' }, 'a.mjs'],
  ['js', { 'package.json': '{"main":"gone.js"}', 'main.js': '', 'b.js': '' }, 'main.js'],
  ['js', { 'package.json': '\ufeff{"main":"b.js"}', 'index.cjs': '', 'b.js': '' }, 'b.js'],
  ['python', { 'package.json': '{ broken', 'app.py': '' }, 'app.py'],
  ['js', { 'only.js': '', 'lib/a.js': '', 'node_modules/x/index.js': '' }, 'only.js'],
  ['python', { 'app.py': '', 'handler.py': '', 'util.py': '' }, 'handler.py'],
  ['python', { '__main__.py': '', 'util.py': '' }, '__main__.py'],
  ['c', { 'main.c': '', 'lua.c': 'int main(void) {}' }, 'main.c'],
  ['c', { 'a.c': 'int f() {}', 'src/b.c': '#include "a.h"\nint main (int argc) {}', 'a.h': 'int main();' }, 'src/b.c'],
  ['cpp', { 'a.cc': '', 'src/b.cpp': 'auto main() -> int {}', 'c.cc': '' }, 'src/b.cpp'],
  ['rust', { 'Cargo.toml': '', 'src/main.rs': '', 'src/lib.rs': '' }, 'src/main.rs'],
  ['go', { 'go.mod': '', 'a.go': 'package main\nfunc main() {}', 'b.go': 'package main' }, 'a.go'],
  ['php', { 'index.php': '', 'lib.php': '' }, 'index.php'],
])('%s finds the entry of %j', (lang, files, expected) => {
  expect(findEntry(tree(files), lang, '')).toBe(expected);
});

test('a given entry wins over every convention', () => {
  expect(findEntry(tree({ 'index.js': '', 'b.js': '' }), 'js', 'b.js')).toBe('b.js');
});

test.each(['', 'index.js'])('a package.json that Node cannot read is refused, with the entry %j', (entry) => {
  const files = tree({ 'package.json': '{ broken', 'index.js': '' });
  for (const lang of ['js', 'ts']) {
    expect(() => findEntry(files, lang, entry)).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        fields: expect.objectContaining({ reason: 'bad_package_json' }),
      }),
    );
  }
});

test.each([
  ['a given entry that is not there', 'js', { 'a.js': '', 'lib/b.js': '', 'c.txt': '' }, 'x.js', 'a.js, lib/b.js.'],
  ['nothing conventional', 'python', { 'a.py': '', 'b.py': '' }, '', 'a.py, b.py.'],
  ['two programs', 'c', { 'a.c': 'int main() {}', 'b.c': 'int main() {}' }, '', 'a.c, b.c.'],
  ['no source at all', 'go', { 'README.md': '' }, '', 'README.md.'],
])('%s is refused with the candidates', (_what, lang, files, entry, candidates) => {
  expect.assertions(2);
  try {
    findEntry(tree(files), lang, entry);
  } catch (error) {
    const { code, fields, message } = RelaisError.from(error);
    expect([code, fields.reason]).toEqual(['invalid_argument', 'entry_not_found']);
    expect(message).toContain(`Set entry to one of: ${candidates}`);
  }
});
