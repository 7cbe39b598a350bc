import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours a text, or leaves it as it is where nobody wants colours. */
export type Paint = (style: Style, text: string) => string;

/** Colours for a stream: only on a terminal, never with NO_COLOR or TERM=dumb, always with FORCE_COLOR. */
export function paintFor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  return isColoured(isTerminal, env) ? (style, text) => styleText(style, text, { validateStream: false }) : plainPaint;
}

export const plainPaint: Paint = (_style, text) => text;

function isColoured(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return isTerminal && env.TERM !== 'dumb';
}
