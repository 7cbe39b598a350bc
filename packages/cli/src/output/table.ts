import { stripVTControlCharacters } from 'node:util';

/** Rows under headings, columns as wide as they must be; a column of numbers stands to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const right = headings.map((_, column) => rows.length > 0 && rows.every((row) => isNumber(row[column] ?? '')));
  const lines = all.map((row) =>
    headings
      .map((_, column) => {
        const cell = row[column] ?? '';
        const space = ' '.repeat((widths[column] ?? 0) - width(cell));
        return right[column] ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Names with what belongs to them, one a line. */
export function pairs(entries: readonly (readonly [name: string, value: string])[]): string {
  const wide = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `  ${name.padEnd(wide)}  ${value}\n`).join('');
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}

function isNumber(cell: string): boolean {
  return /^[\d.]+( ?(ms|s|µs|B|KiB|MiB|%))?$/.test(stripVTControlCharacters(cell)) || cell === '-';
}
