import { randomBytes } from 'node:crypto';
import { seal, unseal } from './sealing.js';

const key = randomBytes(32);
const sealed = seal(key, 'TOKEN', 3, 'pässword');

test('what was sealed opens, and never looks the same twice', () => {
  expect(unseal(key, sealed)).toBe('pässword');
  expect(Buffer.from(sealed.ciphertext).includes('ssword')).toBe(false);
  expect(seal(key, 'TOKEN', 3, 'pässword')).not.toEqual(sealed);
});

test.each([
  ['another key', () => unseal(randomBytes(32), sealed)],
  ['another name', () => unseal(key, { ...sealed, name: 'OTHER' })],
  ['another version', () => unseal(key, { ...sealed, version: 2 })],
  ['another nonce', () => unseal(key, { ...sealed, nonce: randomBytes(12) })],
  ['a nonce of another length', () => unseal(key, { ...sealed, nonce: randomBytes(11) })],
  ['less of it', () => unseal(key, { ...sealed, ciphertext: sealed.ciphertext.subarray(1) })],
  ['next to nothing of it', () => unseal(key, { ...sealed, ciphertext: Buffer.alloc(3) })],
])('%s does not open it', (_what, open) => {
  expect(open()).toBeUndefined();
});

test('no bit of it can be changed', () => {
  for (let bit = 0; bit < sealed.ciphertext.length * 8; bit++) {
    const changed = Buffer.from(sealed.ciphertext);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(unseal(key, { ...sealed, ciphertext: changed })).toBeUndefined();
  }
});
