const foreignFrame = /^\s+at .*(?:relais:shim|node:internal|node:events)/;
// Where node shows the line that threw: two lines follow its place, the line itself and a mark below it.
const foreignPlace = /^(?:relais:shim|node:internal\/\S+):\d+\n.*\n\s*\^+\n\n?/gm;
// Up to its first bracket, not any: a long line of them would take the square of its length.
const nativeFrame = /^(?:-{5} Native stack trace -{5}$|\s*\d+: 0x[0-9a-f]+ [^[]*\[.*\]$)/;

/**
 * What node printed of a crash without frames that are not the function's, without those of the node binary and its path,
 * and with the function's files under their own names.
 */
export function cleanCrash(text: string): string {
  return text
    .replace(foreignPlace, '')
    .split('\n')
    .filter((line) => !foreignFrame.test(line) && !nativeFrame.test(line))
    .join('\n')
    .replaceAll(process.execPath, 'node')
    .replaceAll('file:///function/', '')
    .replaceAll('/function/', '');
}
