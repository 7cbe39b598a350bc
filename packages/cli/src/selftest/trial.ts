import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RelaisError } from '@relais/sdk';
import { wrongUse } from '../framework/failures.js';
import type { Surroundings } from '../framework/surroundings.js';
import type { Progress } from '../output/progress.js';
import { prepare } from '../project/source.js';
import { templateLanguages, templates } from '../project/templates.js';

/** How one language fared. */
export interface Trial {
  readonly lang: string;
  readonly result: 'passed' | 'failed' | 'absent';
  readonly deployMs?: number;
  readonly firstCallMs?: number;
  readonly nextCallMs?: number;
  /** Why it failed or is not available; empty when it passed. */
  readonly says: string;
}

const payload = '{"name":"Ada"}';

/** Tries the languages in turn, all when none is named; what it deploys it removes, whatever happens. */
export async function tryLanguages(io: Surroundings, only: readonly string[], progress: Progress): Promise<Trial[]> {
  const unknown = only.find((lang) => !templateLanguages.some((known) => known === lang));
  if (unknown) throw wrongUse(`There is no trial of "${unknown}"; there are ${templateLanguages.join(', ')}.`);
  progress.step('asking for the languages');
  const { languages } = await io.client.functions.listLanguages({}, { signal: io.interrupted });
  const trials: Trial[] = [];
  for (const lang of templateLanguages) {
    if (only.length > 0 && !only.includes(lang)) continue;
    const offered = languages.find((language) => language.lang === lang);
    progress.step(`trying ${lang}`);
    trials.push(offered?.available ? await tryLanguage(lang, io) : absent(lang, offered?.reason));
  }
  return trials;
}

async function tryLanguage(lang: string, io: Surroundings): Promise<Trial> {
  const name = `selftest-${lang}-${randomBytes(4).toString('hex')}`;
  const options = { signal: io.interrupted };
  try {
    const [file = ''] = await readdir(join(templates, lang));
    const { deployment } = await prepare(join(templates, lang, file), '/', {
      settings: { name, lang },
      update: false,
      bundle: true,
    });
    const deployMs = await timed(() => io.client.deploy(deployment, options));
    const firstCallMs = await timed(() => checkedCall(name, io));
    const nextCallMs = await timed(() => checkedCall(name, io));
    return { lang, result: 'passed', deployMs, firstCallMs, nextCallMs, says: '' };
  } catch (thrown) {
    if (!RelaisError.is(thrown) || thrown.code === 'cancelled') throw thrown;
    return { lang, result: 'failed', says: thrown.message };
  } finally {
    // Not there when the deploy failed; and an interruption must not leave it behind.
    await io.client.functions.deleteFunction({ name }).catch(() => undefined);
  }
}

/** Calls once and looks at the answer. */
async function checkedCall(name: string, { client, interrupted }: Surroundings): Promise<void> {
  const { output } = await client.invoke<string>(name, payload, { signal: interrupted });
  const isPage = output.includes('Hello from a page!');
  if (isPage || (output.startsWith('Hello from') && output.includes('Ada'))) return;
  throw new RelaisError('internal', `It answered ${JSON.stringify(output.slice(0, 80))}.`, { reason: 'wrong_answer' });
}

function absent(lang: string, reason: string | undefined): Trial {
  return { lang, result: 'absent', says: reason || 'this platform does not know it' };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return Math.round((performance.now() - beganMs) * 100) / 100;
}
