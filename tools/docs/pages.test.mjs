// The generated pages say what the code says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from './pages.mjs';

const root = join(import.meta.dirname, '../..');

test.each(Object.entries(pages()))('%s is current (node tools/docs/pages.mjs makes it so)', (path, text) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(text);
});

test('every code, setting and command has its line', () => {
  const texts = Object.values(pages()).join('');
  for (const word of [
    '`resource_exhausted` | 429',
    '`compile_error`',
    '`--queue-length-max`',
    '## `relais deploy [PATH]`',
  ]) {
    expect(texts).toContain(word);
  }
});
