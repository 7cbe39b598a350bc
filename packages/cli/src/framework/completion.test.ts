import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '../commands/table.js';
import { completionScript, shells } from './completion.js';

const hasBash = spawnSync('bash', ['--version']).status === 0;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relais-completion-'));
  writeFileSync(join(folder, 'script'), completionScript('bash', commands));
  // Stands for the command, which a script asks for the names of functions.
  writeFileSync(join(folder, 'relais'), '#!/bin/sh\necho hello\n', { mode: 0o755 });
});

afterAll(() => rmSync(folder, { recursive: true }));

function completed(...words: string[]): string[] {
  const line = `source ./script; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _relais; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH: `${folder}:${process.env.PATH}` };
  return execFileSync('bash', ['--norc', '-c', line], { cwd: folder, env, encoding: 'utf8' }).trim().split('\n');
}

(hasBash ? describe : describe.skip)('in bash (apt-get install bash)', () => {
  test.each([
    [
      ['relais', 'de'],
      ['deploy', 'dev'],
    ],
    [
      ['relais', 'init', 'p'],
      ['python', 'php'],
    ],
    [['relais', 'deploy', '--mem'], ['--memory-mb']],
    [['relais', 'invoke', 'he'], ['hello']],
    [['relais', 'workers', 'dr'], ['drain']],
    [['relais', 'workers', 'drain', '--j'], ['--json']],
  ])('%j', (words, expected) => {
    expect(completed(...words)).toEqual(expected);
  });

  test('files where a path is wanted', () => {
    expect(completed('relais', 'deploy', 'scr')).toEqual(['script']);
  });
});

test.each(shells)('the script of %s names every command', (shell) => {
  const script = completionScript(shell, commands);
  for (const { name } of commands) expect(script).toContain(name);
});
