import type { IncomingMessage } from 'node:http';
import { endToEndHeaders } from './hop-headers.js';

const messageWith = (connection: string) =>
  ({ headers: { connection }, rawHeaders: ['Connection', connection, 'X-Hop', '1', 'Kept', '2'] }) as IncomingMessage;

test('what a message names as of this hop alone is left out', () => {
  expect(endToEndHeaders(messageWith('close ,\t x-HOP , '))).toEqual([['Kept', '2']]);
});

test('blanks between the names take no more time than their number', () => {
  const beganMs = performance.now();
  expect(endToEndHeaders(messageWith(`a${' '.repeat(256 * 1024)}b`))).toHaveLength(2);
  expect(performance.now() - beganMs).toBeLessThan(1000);
});
