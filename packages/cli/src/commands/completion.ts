import type { Command } from '../framework/command.js';
import { completionScript, type Shell, shells } from '../framework/completion.js';

/** Takes the table itself, of which it is a part. */
export function completion(table: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'print the completion script of a shell',
    remote: false,
    arguments: [{ name: 'SHELL', describe: 'which shell', choices: shells }],
    examples: [
      { line: 'source <(relais completion bash)', does: 'for this session; in ~/.bashrc for all' },
      { line: 'relais completion zsh > ~/.zfunc/_relais', does: 'for zsh, with ~/.zfunc in its fpath' },
      { line: 'relais completion fish > ~/.config/fish/completions/relais.fish', does: 'for fish' },
    ],
    async run(input, io) {
      const script = completionScript(input.argument('SHELL') as Shell, table());
      io.report({ script }, () => script);
      return undefined;
    },
  };
}
