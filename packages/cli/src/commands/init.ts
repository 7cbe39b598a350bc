import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import type { Command } from '../framework/command.js';
import { fileExists, wrongUse } from '../framework/failures.js';
import { settingsFile } from '../project/settings.js';
import { templateLanguages, templates } from '../project/templates.js';

export const init: Command = {
  name: 'init',
  summary: 'write a first function, ready to deploy',
  remote: false,
  arguments: [
    { name: 'LANG', describe: 'its language', choices: templateLanguages },
    { name: 'DIR', describe: 'where to; a new directory named after the language unless given', optional: true },
  ],
  examples: [
    { line: 'relais init python greet', does: 'a handler in ./greet' },
    { line: 'relais deploy greet && relais invoke greet', does: 'what comes next' },
  ],
  async run(input, io) {
    const lang = input.argument('LANG');
    const directory = resolve(io.cwd, input.optionalArgument('DIR') ?? `hello-${lang}`);
    const template = join(templates, lang);
    const files = await readdir(template);
    for (const file of [...files, settingsFile]) {
      const target = join(directory, file);
      if (existsSync(target)) throw fileExists(relative(io.cwd, target));
    }
    const name = basename(directory).replace(/[^A-Za-z0-9_-]+/g, '-');
    if (!/^[A-Za-z0-9]/.test(name))
      throw wrongUse(`"${basename(directory)}" cannot name a function; choose another DIR.`);
    await mkdir(directory, { recursive: true });
    await cp(template, directory, { recursive: true });
    await writeFile(join(directory, settingsFile), settingsText(name, lang, await entryOf(template)));
    const shown = relative(io.cwd, directory) || '.';
    io.report({ directory: shown, name, files: [...files, settingsFile] }, () =>
      [
        `wrote ${[...files, settingsFile].map((file) => join(shown, file)).join(', ')}`,
        `next: ${io.paint('cyan', `relais deploy ${shown} && relais invoke ${name}`)}`,
        `  or: ${io.paint('cyan', `relais dev ${shown}`)}`,
        '',
      ].join('\n'),
    );
    return undefined;
  },
};

/** The one file of a template. */
async function entryOf(template: string): Promise<string> {
  const [file] = await readdir(template);
  return file ?? '';
}

function settingsText(name: string, lang: string, entry: string): string {
  return `name = "${name}"\nlang = "${lang}"\nentry = "${entry}"\n# timeoutMs = 30000\n# memoryMb = 128\n\n[env]\n# GREETING = "Hello"\n`;
}
