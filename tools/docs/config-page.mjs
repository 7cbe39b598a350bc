// docs/config.md, made of the schema that `relais up` reads its settings by.
import { configTable } from '@relais/kit';
import { platformSchema } from '@relais/platform';

/** @returns {string} the page */
export function configPage() {
  return `# Settings

Every setting of \`relais up\` is a flag, a variable and a key of a JSON file; the later of these wins:

1. its default,
2. the file: the one \`--config\` or \`RELAIS_CONFIG\` names, else \`./relais.config.json\` when there is one,
3. the environment,
4. the flag.

A mistake anywhere is told with all others before anything starts. Flags follow \`--\` behind \`npm start\`:

\`\`\`sh
npm start -- --port 9000 --workers 8
\`\`\`

${configTable(platformSchema)}`;
}
