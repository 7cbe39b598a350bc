import type { Command } from './command.js';
import { optionsOf } from './program.js';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What can stand behind the words typed so far. */
interface Place {
  /** Words behind "relais" that lead here, joined by a space; empty at the start. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly describe: string }[];
  /** Names of functions may stand here too. */
  readonly functions: boolean;
  /** Files may stand here too. */
  readonly files: boolean;
}

/** A script that completes commands, options, choices and names of functions. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const places = [startOf(commands), ...commands.flatMap((command) => placesOf(command, ''))];
  return { bash, zsh, fish }[shell](places);
}

function startOf(commands: readonly Command[]): Place {
  const words = commands.map(({ name, summary }) => ({ word: name, describe: summary }));
  return {
    path: '',
    words: [...words, { word: '--help', describe: 'show how it is used' }],
    functions: false,
    files: false,
  };
}

function placesOf(command: Command, parent: string): Place[] {
  const path = `${parent} ${command.name}`.trim();
  const args = command.arguments ?? [];
  const words = [
    ...(command.subcommands ?? []).map(({ name, summary }) => ({ word: name, describe: summary })),
    ...args.flatMap(({ choices, describe }) => (choices ?? []).map((word) => ({ word, describe }))),
    ...optionsOf(command).map(({ describe, name }) => ({ word: `--${name}`, describe })),
    { word: '--help', describe: 'show how it is used' },
  ];
  const functions = args.some(({ name }) => name === 'REF' || name === 'NAME');
  const files = args.some(({ name }) => name === 'PATH' || name === 'FILE' || name === 'DIR');
  return [{ path, words, functions, files }, ...(command.subcommands ?? []).flatMap((one) => placesOf(one, path))];
}

/** For both shells of the Bourne family: the longest path of plain words decides. */
function cases(places: readonly Place[]): string {
  return places
    .map(({ files, functions, path, words }) => {
      const names = functions ? ' $(relais ls --names 2>/dev/null)' : '';
      return `    '${path}') choices="${words.map(({ word }) => word).join(' ')}${names}"; files=${files ? 1 : 0} ;;`;
    })
    .join('\n');
}

const nested = (places: readonly Place[]) =>
  places
    .filter(({ path }) => path.includes(' '))
    .map(({ path }) => `'${path}'`)
    .join('|') || "' '";

function bash(places: readonly Place[]): string {
  return `# relais completion bash
_relais() {
  local current="\${COMP_WORDS[COMP_CWORD]}" place='' choices='' files=0
  [ "$COMP_CWORD" -gt 1 ] && place="\${COMP_WORDS[1]}"
  [ "$COMP_CWORD" -gt 2 ] && case "$place \${COMP_WORDS[2]}" in ${nested(places)}) place="$place \${COMP_WORDS[2]}" ;; esac
  case "$place" in
${cases(places)}
  esac
  COMPREPLY=($(compgen -W "$choices" -- "$current"))
  [ "$files" = 1 ] && COMPREPLY+=($(compgen -f -- "$current"))
}
complete -o filenames -F _relais relais
`;
}

function zsh(places: readonly Place[]): string {
  return `#compdef relais
# relais completion zsh
_relais() {
  local place='' choices='' files=0
  (( CURRENT > 2 )) && place="$words[2]"
  (( CURRENT > 3 )) && case "$place $words[3]" in ${nested(places)}) place="$place $words[3]" ;; esac
  case "$place" in
${cases(places)}
  esac
  compadd -- \${=choices}
  [ "$files" = 1 ] && _files
}
compdef _relais relais
`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ files, functions, path, words }) => {
    const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
    const condition = path === '' ? '__fish_use_subcommand' : seen.join('; and ');
    const head = `complete -c relais -n '${condition}'`;
    return [
      ...words.map(({ describe, word }) =>
        word.startsWith('--')
          ? `${head} -l ${word.slice(2)} -d '${quoted(describe)}'`
          : `${head} -f -a ${word} -d '${quoted(describe)}'`,
      ),
      ...(functions ? [`${head} -f -a '(relais ls --names 2>/dev/null)'`] : []),
      ...(files ? [`${head} -F`] : []),
    ];
  });
  return `# relais completion fish\n${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return text.replaceAll("'", "\\'");
}
