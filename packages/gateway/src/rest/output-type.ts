// What a JSON text can begin with after white space.
const jsonStart = /^[\s]*[{["0-9tfn-]/;
const startBytes = 64;

/** Content type of an output that brings none: JSON if it parses as JSON, else text; over bytesMax always text. */
export function outputType(output: Buffer, bytesMax: number): string {
  return isJson(output, bytesMax) ? 'application/json' : 'text/plain; charset=utf-8';
}

function isJson(output: Buffer, bytesMax: number): boolean {
  if (output.length === 0 || output.length > bytesMax) return false;
  if (!jsonStart.test(output.toString('latin1', 0, startBytes))) return false;
  try {
    JSON.parse(output.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
