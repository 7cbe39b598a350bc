// The pages of docs/ that are made of what the code declares.
//
//   node tools/docs/pages.mjs     writes them; run it after a change to errors, settings or commands
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliPage } from './cli-page.mjs';
import { configPage } from './config-page.mjs';
import { errorPage } from './error-page.mjs';

const root = join(import.meta.dirname, '../..');

/** @returns {Record<string, string>} text of each page by its path from the root */
export function pages() {
  return { 'docs/cli.md': cliPage(), 'docs/config.md': configPage(), 'docs/errors.md': errorPage() };
}

if (process.argv[1] === import.meta.filename) {
  for (const [path, text] of Object.entries(pages())) writeFileSync(join(root, path), text);
}
