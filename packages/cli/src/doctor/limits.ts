import { readFileSync } from 'node:fs';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { bytesText } from '../output/units.js';
import { type Finding, good, lacking } from './finding.js';

const openFilesMin = 4096;
const processesMin = 1024;
const memoryBytesMin = 1024 ** 3;

/** What this user may use of this machine. */
export async function limits(): Promise<Finding[]> {
  return [memory(), ...processLimits()];
}

function memory(): Finding {
  const says = `${bytesText(freemem())} free of ${bytesText(totalmem())}, ${availableParallelism()} CPUs`;
  if (totalmem() >= memoryBytesMin) return good('memory', says);
  return lacking('memory', says, 'fewer workers, for example --workers 2');
}

function processLimits(): Finding[] {
  const table = readLimits();
  if (table === undefined) return [];
  return [
    limit(
      table,
      'open files',
      /^Max open files\s+(\S+)/m,
      openFilesMin,
      'ulimit -n 65536, or LimitNOFILE= in the unit',
    ),
    limit(table, 'processes', /^Max processes\s+(\S+)/m, processesMin, 'ulimit -u 8192, or LimitNPROC= in the unit'),
  ];
}

function limit(table: string, what: string, form: RegExp, min: number, fix: string): Finding {
  const text = form.exec(table)?.[1] ?? 'unlimited';
  const enough = text === 'unlimited' || Number(text) >= min;
  return enough ? good(what, `${text} allowed`) : lacking(what, `only ${text} allowed, ${min} are wanted`, fix);
}

/** Linux alone tells them in a file. */
function readLimits(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined;
  }
}
