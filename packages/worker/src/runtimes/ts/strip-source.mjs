import { stripTypeScriptTypes } from 'node:module';

/** Lines and columns stay what they were; where enums, namespaces and the like make that impossible, a source map tells. */
export function stripSource(bytes, filename) {
  try {
    const source = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return (
      convert(source, { mode: 'strip' }) ?? convert(source, { mode: 'transform', sourceMap: true, sourceUrl: filename })
    );
  } catch (error) {
    return wrong(error);
  }
}

function convert(source, options) {
  try {
    return { code: stripTypeScriptTypes(source, options) };
  } catch (error) {
    if (options.mode === 'strip' && error.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return undefined;
    throw error;
  }
}

/** The parser's stack begins with ":LINE" or "FILE:LINE", some lines with tabs widened, and carets below the column. */
function wrong(error) {
  if (error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return { line: 0, column: 0, message: 'SyntaxError: The source is not valid UTF-8' };
  const [first, ...lines] = String(error.stack).split('\n');
  const line = Number(/:(\d+)$/.exec(first)?.[1] ?? 0);
  const caretsAt = lines.findIndex((text) => /^ *\^+$/.test(text));
  return { line, column: lines[caretsAt]?.indexOf('^') + 1 || 0, message: `SyntaxError: ${error.message}` };
}
