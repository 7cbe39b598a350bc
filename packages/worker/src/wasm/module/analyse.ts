import { RelaisError } from '@relais/kit';
import { wasiFunctionNames, wasiModuleName } from '../wasi/host.js';
import { ByteReader, invalidWasm } from './byte-reader.js';
import { readInstruction } from './instructions.js';
import { externKind, type ParsedModule, parseModule, sectionId } from './parse.js';
import { globalsMax, reservedPrefix } from './rewrite.js';

export const pageBytes = 65_536;

// A table is no part of the memory that memoryMb bounds, and a module of twenty bytes can ask for gigabytes of it.
const tablesMax = 16;
const tableEntriesMax = 1_000_000;
/** What V8 holds for an entry of a table. */
const tableEntryBytes = 32;

/**
 * What a call runs. `_start` is a program from beginning to end, on an instance that nothing has touched. `relais_run` is
 * what a module exports whose instance serves call after call: after `_initialize`, where there is one, it is called once
 * for each, and answers nothing or an exit code.
 */
export type Entry = '_start' | 'relais_run';

/** Whether an instance can be put back provably to what it was after instantiation, and if not, why. */
export type Resettable = { readonly yes: true } | { readonly yes: false; readonly because: string };

/** A module that may run here. */
export interface AnalysedModule {
  readonly parsed: ParsedModule;
  readonly initialPages: number;
  /** What an instance's tables take beside its memory. */
  readonly tableBytes: number;
  readonly resettable: Resettable;
}

/**
 * Reads a module and checks that it may run: imports only WASI preview 1, exports its entry and `memory`, one memory of
 * 32 bits that is not shared, tables of a million entries at most. Throws invalid_argument reason invalid_wasm.
 */
export function analyseModule(bytes: Uint8Array, entry: Entry = '_start'): AnalysedModule {
  const parsed = parseModule(bytes);
  checkImports(parsed);
  checkEntry(parsed, entry);
  const initialPages = checkMemory(parsed);
  const tableBytes = checkTables(parsed) * tableEntryBytes;
  if (parsed.exports.some(({ name }) => name.startsWith(reservedPrefix))) {
    throw invalidWasm(`it exports a name that begins with "${reservedPrefix}", which is reserved`);
  }
  return { parsed, initialPages, tableBytes, resettable: decideResettable(parsed) };
}

/** Throws invalid_argument reason memory_limit when a module starts with more memory than its function may have. */
export function checkInitialMemory(module: AnalysedModule, memoryMb: number): void {
  const usedMb = (module.initialPages * pageBytes) / 2 ** 20;
  if (usedMb <= memoryMb) return;
  throw new RelaisError(
    'invalid_argument',
    `The module starts with ${usedMb} MiB of memory, but the function has ${memoryMb}. Deploy it with memoryMb=${Math.ceil(usedMb)} or more.`,
    { reason: 'memory_limit', limit: { name: 'memoryMb', limit: memoryMb, used: usedMb } },
  );
}

function checkImports({ imports }: ParsedModule): void {
  for (const { module, name } of imports) {
    if (module === wasiModuleName && wasiFunctionNames.has(name)) continue;
    throw invalidWasm(`it imports "${module}.${name}", and there is only ${wasiModuleName} here`);
  }
}

function checkEntry(parsed: ParsedModule, entry: Entry): void {
  const reused = entry === 'relais_run';
  const type = typeOfFunction(parsed, entry);
  const why = reused ? 'which isolation=reuse calls' : 'so it is no WASI program';
  if (!type) throw invalidWasm(`it does not export the function "${entry}", ${why}`);
  const resultsMax = reused ? 1 : 0;
  if (type.parameters !== 0 || type.results > resultsMax)
    throw invalidWasm(`its "${entry}" takes or returns something`);
  if (!reused) return;
  const initialise = typeOfFunction(parsed, '_initialize');
  if (initialise && initialise.parameters + initialise.results > 0) {
    throw invalidWasm('its "_initialize" takes or returns something');
  }
}

/** Of a function the module defines and exports; one it only passes on has no type here that could be right. */
function typeOfFunction(parsed: ParsedModule, name: string): ParsedModule['types'][number] | undefined {
  const exported = parsed.exports.find((one) => one.name === name && one.kind === externKind.function);
  if (!exported) return undefined;
  const typeIndex = parsed.functionTypes[exported.index - parsed.imports.length] ?? -1;
  return parsed.types[typeIndex] ?? { parameters: 1, results: 0 };
}

function checkMemory({ memories, exports }: ParsedModule): number {
  const [memory, another] = memories;
  if (!memory || another) throw invalidWasm('it must have exactly one memory');
  if (!exports.some(({ name, kind }) => name === 'memory' && kind === externKind.memory)) {
    throw invalidWasm('it does not export "memory"');
  }
  return memory.initialPages;
}

function checkTables({ tables }: ParsedModule): number {
  if (tables.length > tablesMax) throw invalidWasm(`it has ${tables.length} tables, and ${tablesMax} are allowed`);
  const entries = tables.reduce((sum, { initialEntries }) => sum + initialEntries, 0);
  if (entries > tableEntriesMax) {
    throw invalidWasm(`its tables begin with ${entries} entries, and ${tableEntriesMax} are allowed`);
  }
  return entries;
}

const numericTypes: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c]);

function decideResettable(parsed: ParsedModule): Resettable {
  if (parsed.hasStart) return { yes: false, because: 'it has a start function' };
  if (parsed.globals.some(({ mutable, valueType }) => mutable && !numericTypes.has(valueType))) {
    return { yes: false, because: 'it has a variable that is no number' };
  }
  if (parsed.globals.filter(({ mutable }) => mutable).length > globalsMax) {
    return { yes: false, because: `it has more than ${globalsMax} variables` };
  }
  return scanCode(parsed);
}

const reasons = {
  table: 'it writes a table',
  segment: 'it drops a segment',
  unknown: 'it has an instruction that is not known here',
} as const;

/** Looks for anything that a reset of memory and globals would leave behind. */
function scanCode(parsed: ParsedModule): Resettable {
  const section = parsed.sections.find(({ id }) => id === sectionId.code);
  if (!section) return { yes: true };
  const reader = new ByteReader(parsed.bytes, section.start, section.end);
  for (let left = reader.count(); left > 0; left -= 1) {
    const size = reader.count();
    const verdict = scanBody(new ByteReader(parsed.bytes, reader.offset, reader.offset + size));
    if (!verdict.yes) return verdict;
    reader.skip(size);
  }
  return { yes: true };
}

function scanBody(reader: ByteReader): Resettable {
  for (let left = reader.count(); left > 0; left -= 1) {
    reader.u32();
    reader.skipLeb(5);
  }
  let last = 'plain';
  while (!reader.atEnd) {
    const effect = readInstruction(reader);
    if (effect === 'table' || effect === 'segment' || effect === 'unknown') {
      return { yes: false, because: reasons[effect] };
    }
    last = effect;
  }
  if (last !== 'end') reader.fail('a function has no end');
  return { yes: true };
}
