import { externKind, type ParsedModule, type Section, sectionId } from './parse.js';

/** Names that the rewrite adds to a module's exports begin so; no module may bring one. */
export const reservedPrefix = '__relais_';

/** The export name of a mutable global. */
export function globalExportName(index: number): string {
  return `${reservedPrefix}g${index}`;
}

/** Indices of the globals that a call can change. */
export function mutableGlobals(parsed: ParsedModule): number[] {
  return parsed.globals.flatMap(({ mutable }, index) => (mutable ? [index] : []));
}

/**
 * The same module with its memory's maximum capped at `pagesMax` and every mutable global exported under a reserved name,
 * so that the engine can put them back. The module has passed analyseModule.
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
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
