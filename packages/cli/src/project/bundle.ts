import { readFile } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { type Diagnostic, RelaisError } from '@relais/sdk';
import type { BuildFailure, Message } from 'esbuild';
import { component } from '../framework/failures.js';

/** One file that needs nothing beside it. */
export interface Bundle {
  readonly source: Uint8Array;
  readonly filename: string;
  /** True: it is not the file as written but what was made of it and what it imports. */
  readonly isBundled: boolean;
  /** Every file it was made of, absolute. */
  readonly inputs: readonly string[];
}

// A bundled CommonJS package calls require, which an ES module does not have.
const banner =
  "import { createRequire as relaisRequire } from 'node:module'; const require = relaisRequire('/function/');";

/**
 * Puts a JavaScript or TypeScript file and everything it imports, packages too, into one. A file that imports nothing
 * but Node itself stays as it was written. Throws invalid_argument reason compile_error with diagnostics.
 */
export async function bundle(entry: string, root: string): Promise<Bundle> {
  // Loaded here: no other command should pay for it.
  const { build } = await import('esbuild');
  const built = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    outfile: 'function.mjs',
    logLevel: 'silent',
    banner: { js: banner },
    // A program keeps its own names in stacks.
    keepNames: true,
  }).catch((error: BuildFailure) => {
    throw doesNotBuild(error);
  });
  const inputs = Object.keys(built.metafile.inputs);
  const files = inputs.map((path) => relative('', `${root}/${path}`));
  const [output] = built.outputFiles;
  if (inputs.length === 1 || !output) {
    return { source: await readFile(entry), filename: basename(entry), isBundled: false, inputs: files };
  }
  const filename = `${basename(entry).replace(/\.[cm]?[jt]sx?$/, '')}.mjs`;
  return { source: output.contents, filename, isBundled: true, inputs: files };
}

function doesNotBuild({ errors }: BuildFailure): RelaisError {
  const [first] = errors ?? [];
  return new RelaisError('invalid_argument', first ? 'The source cannot be bundled.' : 'The bundler failed.', {
    reason: 'compile_error',
    component,
    diagnostics: (errors ?? []).map(diagnosticOf),
  });
}

function diagnosticOf({ location, text }: Message): Diagnostic {
  const hint = /^Could not resolve "([^."][^"]*)"/.exec(text)?.[1];
  return {
    file: location?.file ?? '',
    line: location?.line ?? 0,
    column: location ? location.column + 1 : 0,
    severity: 'error',
    message: hint ? `${text}; is it installed? npm install ${hint}` : text,
  };
}
