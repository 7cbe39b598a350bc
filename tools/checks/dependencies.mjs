// What package-lock.json and the licences of what we depend on must hold.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const licencesAllowed = new Set([
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 WITH LLVM-exception',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Unlicense',
]);

/**
 * A lockfile that names a registry binds everyone to it.
 * @param {string} lockfile its text
 * @returns {string[]} the lines that name one
 */
export function registryLines(lockfile) {
  return lockfile.split('\n').filter((line) => /"resolved":\s*"(https?|git\+|git:)/.test(line));
}

/**
 * Scripts that packages run when they are installed are run by name only.
 * @param {{ allowScripts?: Record<string, boolean> }} manifest the package.json
 * @param {{ packages: Record<string, { hasInstallScript?: boolean }> }} lockfile
 * @returns {string[]} one line for each package with such a script that nobody decided on, and for each decision on none
 */
export function scriptMistakes({ allowScripts = {} }, { packages }) {
  const withScript = Object.keys(packages).filter((path) => packages[path].hasInstallScript);
  const names = new Set(
    withScript.map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)),
  );
  const undecided = [...names].filter((name) => typeof allowScripts[name] !== 'boolean');
  const idle = Object.keys(allowScripts).filter((name) => !names.has(name));
  return [...undecided.map((name) => `${name}: not decided on`), ...idle.map((name) => `${name}: has no such script`)];
}

/**
 * @param {string} root
 * @returns {string[]} one line for each direct dependency that is absent or whose licence is not allowed
 */
export function licenceMistakes(root) {
  return ['package.json', ...globSync('packages/*/package.json', { cwd: root })].flatMap((manifest) => {
    const { dependencies = {}, devDependencies = {} } = readJson(join(root, manifest));
    const others = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !name.startsWith('@relais/'));
    return others.flatMap((name) => {
      const licence = licenceOf(root, dirname(manifest), name);
      return isAllowed(licence) ? [] : [`${manifest}: ${name}: ${licence ?? 'not installed, or without a licence'}`];
    });
  });
}

function licenceOf(root, folder, name) {
  const places = [join(root, folder, 'node_modules', name), join(root, 'node_modules', name)];
  const place = places.find((candidate) => existsSync(join(candidate, 'package.json')));
  return place === undefined ? undefined : readJson(join(place, 'package.json')).license;
}

/** A licence expression: one of a choice must be allowed, all of a sum. */
function isAllowed(expression) {
  if (typeof expression !== 'string') return false;
  const bare = expression.replace(/^\((.*)\)$/, '$1');
  return bare.split(' OR ').some((choice) => choice.split(' AND ').every((licence) => licencesAllowed.has(licence)));
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
