// Parses a source given on standard input without running it, and says on standard output what it is. A syntax error is
// left uncaught: node then prints where it is.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { init as initCjs, parse as parseCjs } from 'cjs-module-lexer';
import { init as initEsm, parse as parseEsm } from 'es-module-lexer';

const filename = process.argv[2];
const source = decode(readFileSync(0));
await initEsm();
await initCjs();

const cjsError = filename.endsWith('.mjs') ? undefined : tryCompile(compileCjs);
const isEsm = filename.endsWith('.mjs') || (cjsError !== undefined && !filename.endsWith('.cjs'));
const esmError = isEsm ? tryCompile(compileEsm) : undefined;
if (!isEsm && cjsError) throw cjsError;
if (esmError) throw cjsError && !hasModuleSyntax() ? cjsError : esmError;
process.stdout.write(
  JSON.stringify({ handler: exportNames().some((name) => name === 'handler' || name === 'default') }),
);

function decode(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SyntaxError('The source is not valid UTF-8');
  }
}

function tryCompile(compile) {
  try {
    compile();
    return undefined;
  } catch (error) {
    return error;
  }
}

function compileCjs() {
  vm.compileFunction(source, ['exports', 'require', 'module', '__filename', '__dirname'], { filename });
}

function compileEsm() {
  new vm.SourceTextModule(source, { identifier: filename });
}

function hasModuleSyntax() {
  try {
    return parseEsm(source)[3];
  } catch {
    return /^\s*(import|export)\b/m.test(source);
  }
}

function exportNames() {
  if (isEsm) return parseEsm(source)[1].map((entry) => entry.name);
  const { exports, reexports } = parseCjs(source);
  // A function as the whole module has no names for the lexer to find.
  const isFunction =
    exports.length === 0 && reexports.length === 0 && /\bmodule\.exports\s*=(?!=)\s*(?!\{)/.test(source);
  return isFunction ? ['default'] : exports;
}
