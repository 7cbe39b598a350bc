import type { Command, OptionSpec } from './command.js';
import { optionsOf } from './program.js';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What can stand behind the words typed so far. */
interface Place {
  /** Words behind "relais" that lead here, joined by a space; empty at the start. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly describe: string }[];
  readonly options: readonly OptionSpec[];
  /** Words that lead on from here to a place of their own. */
  readonly next: readonly string[];
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

const help: OptionSpec = { name: 'help', short: 'h', describe: 'show how it is used' };

function startOf(commands: readonly Command[]): Place {
  const words = commands.map(({ name, summary }) => ({ word: name, describe: summary }));
  return {
    path: '',
    words,
    options: [help],
    next: words.map(({ word }) => word),
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
  ];
  const options = [...optionsOf(command), help];
  const next = (command.subcommands ?? []).map(({ name }) => name);
  const functions = args.some(({ name }) => name === 'REF' || name === 'NAME');
  const files = args.some(({ name }) => name === 'PATH' || name === 'FILE' || name === 'DIR');
  return [
    { path, words, options, next, functions, files },
    ...(command.subcommands ?? []).flatMap((one) => placesOf(one, path)),
  ];
}

/** For both shells of the Bourne family: the longest path of plain words decides. */
function cases(places: readonly Place[]): string {
  return places
    .map(({ files, functions, options, path, words }) => {
      const all = [...words.map(({ word }) => word), ...options.map(({ name }) => `--${name}`)];
      const names = functions ? ' $(relais ls --names 2>/dev/null)' : '';
      return `    '${path}') choices="${all.join(' ')}${names}"; files=${files ? 1 : 0} ;;`;
    })
    .join('\n');
}

/** The same for the values of an option, which win over what else may stand there. */
function valueCases(places: readonly Place[]): string {
  return places
    .flatMap(({ options, path }) =>
      options.flatMap(({ choices, name, short }) => {
        if (!choices) return [];
        const forms = [`'${path} --${name}'`, ...(short ? [`'${path} -${short}'`] : [])];
        return [`    ${forms.join('|')}) choices="${choices.join(' ')}"; files=0 ;;`];
      }),
    )
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
  case "$place \${COMP_WORDS[COMP_CWORD - 1]}" in
${valueCases(places)}
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
  case "$place $words[CURRENT - 1]" in
${valueCases(places)}
  esac
  compadd -- \${=choices}
  [ "$files" = 1 ] && _files
}
# Loaded from a file of fpath this is the first completion itself; sourced, it only says who completes.
if [ "$funcstack[1]" = _relais ]; then _relais "$@"; else compdef _relais relais; fi
`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap((place) => {
    const head = `complete -c relais -n '${fishCondition(place)}'`;
    return [
      ...place.words.map(({ describe, word }) => `${head} -a ${word} -d '${quoted(describe)}'`),
      ...place.options.map((option) => `${head} ${fishOption(option)} -d '${quoted(option.describe)}'`),
      ...(place.functions ? [`${head} -a '(relais ls --names 2>/dev/null)'`] : []),
      ...(place.files ? [`${head} -F`] : []),
    ];
  });
  return `# relais completion fish\ncomplete -c relais -f\n${lines.join('\n')}\n`;
}

function fishCondition({ next, path }: Place): string {
  if (path === '') return '__fish_use_subcommand';
  const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
  const beyond = next.length > 0 ? [`not __fish_seen_subcommand_from ${next.join(' ')}`] : [];
  return [...seen, ...beyond].join('; and ');
}

function fishOption({ choices, name, short, value }: OptionSpec): string {
  const forms = `${short ? `-s ${short} ` : ''}-l ${name}`;
  if (choices) return `${forms} -x -a '${choices.join(' ')}'`;
  if (value === undefined) return forms;
  return value === 'FILE' || value === 'DIR' ? `${forms} -r -F` : `${forms} -x`;
}

function quoted(text: string): string {
  return text.replaceAll("'", "\\'");
}
