import { leb } from './leb.js';
import { externKind, type ParsedModule, type Section, sectionId } from './parse.js';

/** Names that the rewrite adds to a module's exports begin so; no module may bring one. */
export const reservedPrefix = '__relais_';

/** Variables that are put back between calls; an instance of a module with more is made anew. */
export const globalsMax = 1000;

/** How far a table may grow beyond what it begins with. */
const tableEntriesMax = 65_536;

/** The export name of a mutable global. */
export function globalExportName(index: number): string {
  return `${reservedPrefix}g${index}`;
}

/** Indices of the globals that a call can change; none when there are too many to put back. */
export function mutableGlobals(parsed: ParsedModule): number[] {
  const indices = parsed.globals.flatMap(({ mutable }, index) => (mutable ? [index] : []));
  return indices.length > globalsMax ? [] : indices;
}

/**
 * The same module with its memory's maximum capped at `pagesMax`, its tables' growth capped, and every mutable global
 * exported under a reserved name, so that the engine can put them back. The module has passed analyseModule.
 */
export function rewriteModule(parsed: ParsedModule, pagesMax: number): Buffer {
  const parts: Uint8Array[] = [parsed.bytes.subarray(0, 8)];
  for (const section of parsed.sections) {
    const content = rewriteSection(parsed, section, pagesMax);
    parts.push(Buffer.from([section.id]), u32(content.length), content);
  }
  return Buffer.concat(parts);
}

function rewriteSection(parsed: ParsedModule, section: Section, pagesMax: number): Uint8Array {
  if (section.id === sectionId.memory) return memorySection(parsed, pagesMax);
  if (section.id === sectionId.table) return tableSection(parsed);
  const content = parsed.bytes.subarray(section.start, section.end);
  return section.id === sectionId.export ? exportSection(parsed, content) : content;
}

function memorySection({ memories }: ParsedModule, pagesMax: number): Buffer {
  const parts: Buffer[] = [u32(memories.length)];
  for (const { initialPages, maximumPages } of memories) {
    parts.push(Buffer.from([1]), u32(initialPages), u32(Math.min(maximumPages ?? pagesMax, pagesMax)));
  }
  return Buffer.concat(parts);
}

function tableSection({ bytes, tables }: ParsedModule): Buffer {
  const parts: Uint8Array[] = [u32(tables.length)];
  for (const { start, limitsStart, limitsEnd, end, initialEntries, maximumEntries } of tables) {
    const maximum = Math.min(maximumEntries ?? Number.POSITIVE_INFINITY, initialEntries + tableEntriesMax);
    const limits = [Buffer.from([1]), u32(initialEntries), u32(maximum)];
    parts.push(bytes.subarray(start, limitsStart), ...limits, bytes.subarray(limitsEnd, end));
  }
  return Buffer.concat(parts);
}

function exportSection(parsed: ParsedModule, content: Uint8Array): Buffer {
  const added = mutableGlobals(parsed);
  const items = content.subarray(lebLength(content));
  const parts: Uint8Array[] = [u32(parsed.exports.length + added.length), items];
  for (const index of added) {
    const name = Buffer.from(globalExportName(index));
    parts.push(u32(name.length), name, Buffer.from([externKind.global]), u32(index));
  }
  return Buffer.concat(parts);
}

function lebLength(content: Uint8Array): number {
  return content.findIndex((byte) => byte < 0x80) + 1;
}

function u32(value: number): Buffer {
  return Buffer.from(leb(value));
}
