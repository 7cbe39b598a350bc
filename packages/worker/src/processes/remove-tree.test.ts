import { chmodSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from './remove-tree.js';

// As root nothing is closed; CI runs this as an ordinary user too.
test('removes what its owner may not look into or change, and follows no link', () => {
  const root = mkdtempSync(join(tmpdir(), 'relais-remove-'));
  const kept = mkdtempSync(join(tmpdir(), 'relais-kept-'));
  writeFileSync(join(kept, 'file'), '');
  for (const name of ['closed', 'sealed']) {
    mkdirSync(join(root, name, 'deep', 'deeper'), { recursive: true });
    writeFileSync(join(root, name, 'deep', 'file'), '');
    symlinkSync(kept, join(root, name, 'deep', 'link'));
    chmodSync(join(root, name, 'deep'), name === 'closed' ? 0o311 : 0o500);
    chmodSync(join(root, name), 0o311);
  }
  removeTree(root);
  expect(existsSync(root)).toBe(false);
  expect(existsSync(join(kept, 'file'))).toBe(true);
  removeTree(kept);
  removeTree(kept);
});
