// Takes the types out of a source given on standard input and says as JSON what is left, or where the source is wrong.
import { readFileSync } from 'node:fs';
import { stripSource } from './strip-source.mjs';

process.stdout.write(JSON.stringify(stripSource(readFileSync(0), process.argv[2])));
