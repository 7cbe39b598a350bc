import { Argument, Command as Commander, CommanderError, Option } from 'commander';
import type { ArgumentSpec, Command, OptionSpec } from './command.js';
import { wrongUse } from './failures.js';
import { Input } from './input.js';

/** Which command was asked for, and with what. */
export interface Chosen {
  readonly command: Command;
  readonly input: Input;
}

export interface ProgramFacts {
  readonly version: string;
  readonly summary: string;
  /** What stands at the end of the help. */
  readonly epilogue: string;
}

/** Options every command has that talks to a platform. */
export const remoteOptions: readonly OptionSpec[] = [
  { name: 'url', value: 'URL', describe: 'where the platform answers; RELAIS_URL, else http://127.0.0.1:8080' },
  { name: 'key', value: 'KEY', describe: 'API key; better in RELAIS_KEY, where no process list shows it' },
];

/** Options every command has. */
export const commonOptions: readonly OptionSpec[] = [
  { name: 'json', describe: 'write JSON for programs instead of text for people' },
];

/** All options of a command, its own first. */
export function optionsOf(command: Command): readonly OptionSpec[] {
  if (command.ownFlags) return [];
  const remote = command.remote === false ? [] : remoteOptions;
  return [...(command.options ?? []), ...remote, ...commonOptions];
}

/**
 * Reads a command line by the table. A text: help or version, to be written as it is. Throws RelaisError reason
 * "wrong_use", with the command that was meant.
 */
export async function choose(
  commands: readonly Command[],
  argv: readonly string[],
  facts: ProgramFacts,
): Promise<Chosen | string> {
  let chosen: Chosen | undefined;
  let said = '';
  const program = prepared(new Commander('relais').description(facts.summary), (text) => {
    said += text;
  });
  program.version(facts.version).addHelpText('after', `\n${facts.epilogue}`).enablePositionalOptions();
  for (const command of commands) {
    add(program, command, (choice) => {
      chosen = choice;
    });
  }
  // As "help COMMAND" is typed everywhere.
  const typed = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;
  try {
    await program.parseAsync(typed.length === 0 ? ['--help'] : [...typed], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw wrongUse(messageOf(error));
  }
  return chosen ?? said;
}

/** The command that a line names, as far as it names one: what to ask for help with. */
export function usageOf(commands: readonly Command[], argv: readonly string[]): string {
  const command = commands.find(({ name }) => name === argv[0]);
  if (!command) return 'relais';
  const below = usageOf(command.subcommands ?? [], argv.slice(1)).replace(/^relais/, '');
  return `relais ${command.name}${below}`;
}

function prepared(commander: Commander, say: (text: string) => void): Commander {
  return commander
    .exitOverride()
    .helpOption('-h, --help', 'show how it is used')
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .configureOutput({ writeOut: say, writeErr: () => undefined });
}

function add(parent: Commander, command: Command, done: (chosen: Chosen) => void): void {
  const made = parent.command(command.name);
  made.summary(command.summary).description([sentence(command.summary), command.details].filter(Boolean).join('\n\n'));
  made.helpCommand(false).showSuggestionAfterError(true);
  made.addHelpText('after', examplesText(command));
  for (const argument of command.arguments ?? []) made.addArgument(argumentOf(argument));
  for (const option of optionsOf(command)) made.addOption(optionOf(option));
  for (const subcommand of command.subcommands ?? []) add(made, subcommand, done);
  if (command.ownFlags) made.allowUnknownOption().allowExcessArguments().helpOption(false).passThroughOptions();
  if (!command.run) {
    const names = (command.subcommands ?? []).map(({ name }) => name).join(', ');
    made.action(() => made.error(`Say which: ${command.name} ${names}.`));
    return;
  }
  made.action(() => {
    const names = (command.arguments ?? []).map(({ name }) => name);
    const values = Object.fromEntries(names.map((name, index) => [name, made.processedArgs[index]]));
    const options = Object.fromEntries(optionsOf(command).map(({ name }) => [name, valueOfOption(name, made.opts())]));
    done({ command, input: new Input(values, options, made.args) });
  });
}

function argumentOf({ choices, describe, name, optional, repeated }: ArgumentSpec): Argument {
  const inside = repeated ? `${name}...` : name;
  const argument = new Argument(optional ? `[${inside}]` : `<${inside}>`, describe);
  return choices ? argument.choices([...choices]) : argument;
}

function optionOf({ choices, describe, name, repeated, short, value }: OptionSpec): Option {
  const flags = `${short ? `-${short}, ` : ''}--${name}${value === undefined ? '' : ` <${value}>`}`;
  const option = new Option(flags, describe);
  // Not commander's own "variadic", which would also swallow the arguments behind it.
  if (repeated) option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
  return choices ? option.choices([...choices]) : option;
}

/** The examples as help shows them. */
export function examplesText({ examples }: Command): string {
  const lines = examples.map(({ does, line }) => `  ${line}\n      ${does}`);
  return `\nExamples:\n${lines.join('\n')}\n`;
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

function messageOf(error: CommanderError): string {
  const text = error.message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .trim();
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?)]$/.test(text) ? '' : '.'}`;
}

/** Commander keeps "--no-x" as the opposite of x. */
function valueOfOption(name: string, values: Readonly<Record<string, string | boolean | string[] | undefined>>) {
  return name.startsWith('no-') ? !values[camelCase(name.slice(3))] : values[camelCase(name)];
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
