// docs/cli.md, made of the table of commands.
import { commands, exitCodes, optionsOf } from '@relais/cli';

/** @returns {string} the page */
export function cliPage() {
  return `# The \`relais\` command

\`npx relais\` in a clone of the repository, \`relais\` where it is installed. It finds the platform by \`--url\` or \`RELAIS_URL\`,
else at \`http://127.0.0.1:8080\`; the key is in \`--key\` or \`RELAIS_KEY\`. With \`--json\` standard output is JSON for programs, and
a failure is the one shape of [errors](errors.md) on standard error. Colours are left out with \`NO_COLOR\` and where there is
no terminal.

${commands.map((command) => commandText(command, 'relais')).join('\n')}
## Exit codes

| code | when |
| --- | --- |
${exitCodes.map(({ code, when }) => `| ${code} | ${when} |`).join('\n')}
`;
}

function commandText(command, parent) {
  const line = `${parent} ${command.name}`;
  const args = (command.arguments ?? []).map(({ name, optional, repeated }) => {
    const inside = repeated ? `${name}...` : name;
    return optional ? `[${inside}]` : inside;
  });
  const rows = [
    ...(command.arguments ?? []).map(({ choices, describe, name }) => row(name, describe, choices)),
    ...optionsOf(command).map(({ choices, describe, name, short, value }) => {
      const flag = `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
      return row(flag, describe, choices);
    }),
  ];
  const examples = command.examples.flatMap(({ does, line: example }) => [`# ${does}`, example]);
  return [
    `## \`${[line, ...args].join(' ')}\``,
    '',
    `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.${command.details ? ` ${command.details}` : ''}`,
    '',
    ...(rows.length > 0
      ? ['| | |', '| --- | --- |', ...rows, '']
      : ['Its settings are those of [config](config.md).', '']),
    '```sh',
    ...examples,
    '```',
    '',
    ...(command.subcommands ?? []).map((subcommand) => commandText(subcommand, line)),
  ].join('\n');
}

function row(what, describe, choices) {
  const allowed = choices ? `: ${choices.join(', ')}` : '';
  return `| \`${what}\` | ${describe.replaceAll('|', '\\|')}${allowed} |`;
}
