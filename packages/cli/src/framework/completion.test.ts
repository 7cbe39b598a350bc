import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '../commands/table.js';
import { completionScript, type Shell, shells } from './completion.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-completion-'));
  // Stands for the command, which a script asks for the names of functions.
  writeFileSync(join(folder, 'relais'), '#!/bin/sh\necho hello\n', { mode: 0o755 });
  writeFileSync(join(folder, 'a-file'), '');
  // As it is installed: zsh finds it in its fpath.
  for (const shell of shells) writeFileSync(join(folder, `_relais${shell}`), completionScript(shell, commands));
  writeFileSync(join(folder, '_relais'), completionScript('zsh', commands));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What each shell makes of the words on a line of which the last is not complete. */
const completed: Record<Shell, (words: readonly string[]) => string[]> = {
  bash: (words) =>
    said('bash', [
      '--norc',
      '-c',
      `source ./_relaisbash; COMP_WORDS=(${listed(words)}); COMP_CWORD=${words.length - 1}; _relais; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]),
  // The shell's own functions are stood for, as they work in its line editor alone.
  zsh: (words) =>
    said('zsh', [
      '-f',
      '-c',
      `fpath=(. $fpath); autoload -U _relais; compdef() { exit 1 }; _files() { compadd -- * };
       compadd() { shift; for word in "$@"; do [[ $word == "$words[CURRENT]"* ]] && print -r -- "$word"; done };
       words=(${listed(words)}); CURRENT=${words.length}; _relais; true`,
    ]),
  fish: (words) =>
    said('fish', ['--no-config', '-c', `source ./_relaisfish; complete -C '${words.join(' ')}'`]).map(
      (line) => line.split('\t')[0] ?? '',
    ),
};

function said(program: string, args: readonly string[]): string[] {
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder };
  return execFileSync(program, args, { cwd: folder, env, encoding: 'utf8' }).trim().split('\n').sort();
}

function listed(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(' ');
}

describe.each(shells)('in %s', (shell) => {
  const isThere = spawnSync(shell, ['--version']).status === 0;
  const inShell = isThere ? test : test.skip;

  inShell.each([
    ['a command', 'relais de', ['deploy', 'dev']],
    ['a choice', 'relais init p', ['php', 'python']],
    ['an option', 'relais deploy --mem', ['--memory-mb']],
    ['the name of a function', 'relais invoke he', ['hello']],
    ['a command below another', 'relais workers dr', ['drain']],
    ['what stands behind that', 'relais workers drain --j', ['--json']],
    ['a value of an option', 'relais logs hello --level ', ['debug', 'error', 'info', 'warn']],
    ['a value of its short form', 'relais key create ci -s d', ['deploy']],
    ['a file where a path is wanted', 'relais deploy a-f', ['a-file']],
  ])(`%s (apt-get install ${shell})`, (_what, line, expected) => {
    expect(completed[shell](line.split(' '))).toEqual(expected);
  });

  test('every command is named', () => {
    const script = completionScript(shell, commands);
    for (const { name } of commands) expect(script).toContain(name);
  });
});
