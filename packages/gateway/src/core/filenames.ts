import { invalid } from './failures.js';

const lengthMax = 255;

/** Throws invalid_argument reason bad_filename unless it is empty or the plain name of a file. */
export function checkFilename(filename: string): void {
  if (filename === '') return;
  const isPlain = /^[^/\\\p{C}]+$/u.test(filename) && !filename.startsWith('.') && !filename.startsWith('-');
  if (isPlain && Buffer.byteLength(filename) <= lengthMax) return;
  throw invalid('bad_filename', `filename must be a plain file name without a path, at most ${lengthMax} bytes.`);
}
