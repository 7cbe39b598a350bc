// Parses a source given on standard input, or the files of a directory, without running them, and says on standard output
// what the entry is. A syntax error is left uncaught: node then prints where it is.
import { globSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import vm from 'node:vm';
import { init as initCjs, parse as parseCjs } from 'cjs-module-lexer';
import { init as initEsm, parse as parseEsm } from 'es-module-lexer';
import { stripSource } from '../ts/strip-source.mjs';

const [, , entry, directory] = process.argv;
const formats = { '.mjs': 'module', '.cjs': 'commonjs', '.mts': 'module', '.cts': 'commonjs' };
const typed = /\.[mc]?ts$/;
const checked = typed.test(entry) ? '**/*.{js,mjs,cjs,ts,mts,cts}' : '**/*.{js,mjs,cjs}';
await initEsm();
await initCjs();

const entrySource = directory ? read(entry) : decode(entry, readFileSync(0));
const names = exportNames(entrySource, check(entry, entrySource));
if (directory) for (const file of otherFiles()) check(file, read(file));
process.stdout.write(JSON.stringify({ handler: names.some((name) => name === 'handler' || name === 'default') }));

/** What the user wrote; what was installed is not theirs to repair. */
function otherFiles() {
  const files = globSync(checked, { cwd: directory, exclude: (path) => /(^|\/)node_modules$/.test(path) });
  return files.filter((file) => file !== entry && !/\.d\.[mc]?ts$/.test(file)).sort();
}

function read(file) {
  const bytes = readFileSync(join(directory, file));
  if (!typed.test(file)) return decode(file, bytes);
  const { code, ...wrong } = stripSource(bytes, file);
  if (code !== undefined) return code;
  process.stdout.write(JSON.stringify({ file, ...wrong }));
  process.exit(1);
}

function decode(file, bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fail(file, new SyntaxError('The source is not valid UTF-8'));
  }
}

function fail(file, error) {
  process.stdout.write(JSON.stringify({ file }));
  throw error;
}

/** Compiles as node would load it; whether it is an ES module. */
function check(file, source) {
  const format = formatOf(file);
  const cjsError = format === 'module' ? undefined : tryCompile(compileCjs, file, source);
  const isEsm = format === 'module' || (cjsError !== undefined && format !== 'commonjs');
  const esmError = isEsm ? tryCompile(compileEsm, file, source) : undefined;
  if (!isEsm && cjsError) fail(file, cjsError);
  if (esmError) fail(file, cjsError && !hasModuleSyntax(source) ? cjsError : esmError);
  return isEsm;
}

/** "module" or "commonjs" by the file's name or its nearest package.json, undefined when its syntax decides. */
function formatOf(file) {
  const said = formats[extname(file)];
  if (said || !directory) return said;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = readManifest(join(directory, folder, 'package.json'));
    if (manifest || folder === '.') return manifest?.type;
  }
}

function readManifest(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function tryCompile(compile, file, source) {
  try {
    compile(file, source);
    return undefined;
  } catch (error) {
    return error;
  }
}

function compileCjs(filename, source) {
  vm.compileFunction(source, ['exports', 'require', 'module', '__filename', '__dirname'], { filename });
}

function compileEsm(identifier, source) {
  new vm.SourceTextModule(source, { identifier });
}

function hasModuleSyntax(source) {
  try {
    return parseEsm(source)[3];
  } catch {
    return /^\s*(import|export)\b/m.test(source);
  }
}

function exportNames(source, isEsm) {
  if (isEsm) return parseEsm(source)[1].map((exported) => exported.name);
  const { exports, reexports } = parseCjs(source);
  // A function as the whole module has no names for the lexer to find.
  const isFunction =
    exports.length === 0 && reexports.length === 0 && /\bmodule\.exports\s*=(?!=)\s*(?!\{)/.test(source);
  return isFunction ? ['default'] : exports;
}
