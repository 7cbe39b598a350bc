// Stands in for a worker process: begins jobs 41 and 42 as its journal sees it, then waits to be ended. One whose plan has
// no slots ends at once.
import { writeSync } from 'node:fs';
import { journalFd } from '../supervisor/worker-spec.js';
import { readSpec } from '../worker/read-spec.js';

const spec = await readSpec(process.stdin, () => process.exit(0));
if (spec.slots === 0) process.exit(3);
const entries = Buffer.alloc(8);
entries.writeUInt32LE(41);
entries.writeUInt32LE(42, 4);
writeSync(journalFd, entries, 0, 8, 0);
process.on('SIGTERM', () => process.exit(0));
