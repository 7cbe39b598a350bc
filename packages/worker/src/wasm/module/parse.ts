import { ByteReader } from './byte-reader.js';
import { readInstruction } from './instructions.js';

export const sectionId = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
} as const;
export const externKind = { function: 0, table: 1, memory: 2, global: 3 } as const;

const sectionsMax = 1000;

/** Where a section's content lies in the module. */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
}

export interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

export interface MemoryLimits {
  readonly flags: number;
  readonly initialPages: number;
  readonly maximumPages: number | undefined;
}

export interface TableType {
  readonly initialEntries: number;
  readonly maximumEntries: number | undefined;
  /** Where its entry in the section begins and ends, and its limits within it. */
  readonly start: number;
  readonly limitsStart: number;
  readonly limitsEnd: number;
  readonly end: number;
}

export interface GlobalType {
  readonly valueType: number;
  readonly mutable: boolean;
}

/** What the engine wants to know of a module; the rest of its content was not looked at. */
export interface ParsedModule {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  /** Parameters and results of each function type, counted. */
  readonly types: readonly { readonly parameters: number; readonly results: number }[];
  readonly imports: readonly Import[];
  /** Type index of each function the module defines. */
  readonly functionTypes: readonly number[];
  readonly tables: readonly TableType[];
  readonly memories: readonly MemoryLimits[];
  readonly globals: readonly GlobalType[];
  readonly exports: readonly Export[];
  readonly hasStart: boolean;
}

/**
 * Reads a module's structure. Takes time and memory in proportion to its size whatever it holds; throws invalid_argument
 * reason invalid_wasm. What passes here may still be refused by the compiler.
 */
export function parseModule(bytes: Uint8Array): ParsedModule {
  const sections = readSections(bytes);
  const list = <T>(id: number, item: (reader: ByteReader) => T): T[] => readList(bytes, sections, id, item);
  return {
    bytes,
    sections,
    types: list(sectionId.type, readFunctionType),
    imports: list(sectionId.import, readImport),
    functionTypes: list(sectionId.function, (reader) => reader.u32()),
    tables: list(sectionId.table, readTable),
    memories: list(sectionId.memory, readLimits),
    globals: list(sectionId.global, readGlobal),
    exports: list(sectionId.export, readExport),
    hasStart: sections.some((section) => section.id === sectionId.start),
  };
}

function readSections(bytes: Uint8Array): Section[] {
  const reader = new ByteReader(bytes);
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  if (header.some((byte, at) => bytes[at] !== byte)) reader.fail('the header of a WebAssembly 1 module is missing');
  reader.skip(header.length);
  const sections: Section[] = [];
  const seen = new Set<number>();
  while (!reader.atEnd) {
    const id = reader.u8();
    const size = reader.count();
    if (id !== 0 && seen.has(id)) reader.fail(`section ${id} comes twice`);
    if (sections.length >= sectionsMax) reader.fail(`it has more than ${sectionsMax} sections`);
    seen.add(id);
    sections.push({ id, start: reader.offset, end: reader.offset + size });
    reader.skip(size);
  }
  return sections;
}

function readList<T>(
  bytes: Uint8Array,
  sections: readonly Section[],
  id: number,
  item: (reader: ByteReader) => T,
): T[] {
  const section = sections.find((candidate) => candidate.id === id);
  if (!section) return [];
  const reader = new ByteReader(bytes, section.start, section.end);
  const items: T[] = [];
  for (let left = reader.count(); left > 0; left -= 1) items.push(item(reader));
  if (!reader.atEnd) reader.fail(`section ${id} goes on after its end`);
  return items;
}

function readFunctionType(reader: ByteReader): { parameters: number; results: number } {
  if (reader.u8() !== 0x60) reader.fail('a type is not a function type', reader.offset - 1);
  return { parameters: skipValueTypes(reader), results: skipValueTypes(reader) };
}

function skipValueTypes(reader: ByteReader): number {
  const count = reader.count();
  for (let left = count; left > 0; left -= 1) readValueType(reader);
  return count;
}

function readValueType(reader: ByteReader): number {
  const type = reader.u8();
  // A reference to a type of its own is followed by which.
  if (type === 0x63 || type === 0x64) reader.skipLeb(5);
  else if (type < 0x68 || type > 0x7f) reader.fail('a value type is unknown', reader.offset - 1);
  return type;
}

function readImport(reader: ByteReader): Import {
  const module = reader.name();
  const name = reader.name();
  const kind = reader.u8();
  // Only functions are let through later, so what follows another kind need not be understood.
  if (kind !== externKind.function) reader.fail(`import "${module}.${name}" is not a function`);
  reader.u32();
  return { module, name, kind };
}

function readTable(reader: ByteReader): TableType {
  const start = reader.offset;
  // A table that names what its entries begin with.
  const hasInitial = reader.bytes[start] === 0x40;
  if (hasInitial) reader.skip(2);
  readValueType(reader);
  const limitsStart = reader.offset;
  const flags = reader.u8();
  if (flags > 1) reader.fail('a table is shared or 64-bit', limitsStart);
  const initialEntries = reader.u32();
  const maximumEntries = flags === 1 ? reader.u32() : undefined;
  const limitsEnd = reader.offset;
  if (hasInitial) skipConstant(reader, 'a table begins with an unknown instruction');
  return { initialEntries, maximumEntries, start, limitsStart, limitsEnd, end: reader.offset };
}

function skipConstant(reader: ByteReader, otherwise: string): void {
  for (let effect = readInstruction(reader); effect !== 'end'; effect = readInstruction(reader)) {
    if (effect !== 'plain') reader.fail(otherwise);
  }
}

function readLimits(reader: ByteReader): MemoryLimits {
  const flags = reader.u8();
  if (flags > 1) reader.fail('a memory is shared, 64-bit or of unusual pages', reader.offset - 1);
  const initialPages = reader.u32();
  return { flags, initialPages, maximumPages: flags === 1 ? reader.u32() : undefined };
}

function readGlobal(reader: ByteReader): GlobalType {
  const valueType = readValueType(reader);
  const mutability = reader.u8();
  if (mutability > 1) reader.fail('a global is neither constant nor variable', reader.offset - 1);
  skipConstant(reader, 'a global begins with an unknown instruction');
  return { valueType, mutable: mutability === 1 };
}

function readExport(reader: ByteReader): Export {
  return { name: reader.name(), kind: reader.u8(), index: reader.u32() };
}
