import { createServer } from 'node:net';
import { type LanguageInfo, RelaisError } from '@relais/sdk';
import type { Surroundings } from '../framework/surroundings.js';
import { adviceFor } from '../output/advice.js';
import { bad, type Finding, good, lacking } from './finding.js';

const askMs = 5_000;

export interface PlatformFindings {
  readonly findings: readonly Finding[];
  /** What the platform says of its languages; undefined when there is none to ask. */
  readonly languages: readonly Finding[] | undefined;
}

/** Asks the platform; when none runs, looks whether one could. */
export async function platform({ client, url }: Surroundings): Promise<PlatformFindings> {
  try {
    const options = { timeoutMs: askMs };
    const status = await client.cluster.getStatus({}, options);
    const { languages } = await client.functions.listLanguages({}, options);
    const says = `${status.version} at ${url}, ${status.workersReady} workers`;
    const fleet =
      status.workersReady + status.workersOnDemand > 0
        ? good('platform', says)
        : bad('platform', says, 'no worker is attached: look into the log of the platform');
    return { findings: [fleet], languages: languages.map(languageFinding) };
  } catch (thrown) {
    if (!RelaisError.is(thrown)) throw thrown;
    if (thrown.reason !== 'unreachable') {
      return { findings: [bad('platform', `${url}: ${thrown.message}`, adviceFor(thrown))], languages: undefined };
    }
    const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
    const findings = [lacking('platform', `none answers at ${url}`, 'npm start, or npx relais up')];
    return { findings: isLocal ? [...findings, await port(url)] : findings, languages: undefined };
  }
}

function languageFinding({ available, lang, reason, toolchain }: LanguageInfo): Finding {
  return available ? good(lang, toolchain || 'available') : lacking(lang, 'not available', reason);
}

/** Whether this machine would give a platform its port. */
function port(url: string): Promise<Finding> {
  const { hostname, port: text, protocol } = new URL(url);
  const number = Number(text || (protocol === 'https:' ? 443 : 80));
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const fix = 'another by --port, or end the program that holds it';
      resolve(bad('port', `${number} cannot be listened on (${error.code})`, fix));
    });
    server.listen(number, hostname.replace(/[[\]]/g, ''), () => {
      server.close(() => resolve(good('port', `${number} is free`)));
    });
  });
}
