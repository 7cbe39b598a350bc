const mask = '***';
/** Shorter values are parts of any text. */
const charactersMin = 4;
/** Of a value's part where a text was cut; of a short value half, so that not most of it is left. */
const partCharactersMin = 8;
/** What is left of a character that was cut decodes to as many of these. */
const replacementsMax = 3;

/** Where a text may have been cut, and so say a part of a value. */
export type Cut = 'nowhere' | 'end' | 'both ends';

/**
 * A text that says "***" where it said one of the values, or where it was cut a part of one. In time that grows with their
 * lengths alone: a search that begins anew at each place takes seconds for texts and values made for it.
 */
export function masked(text: string, values: readonly string[], cut: Cut): string {
  const hiddenTo = new Uint32Array(text.length);
  for (const value of new Set(values)) {
    if (value.length >= charactersMin) hide(hiddenTo, text, value, cut);
  }
  const parts: string[] = [];
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const to = hiddenTo[at] ?? 0;
    if (to === 0) continue;
    // What overlaps is hidden as one, else a part of the longer would stay.
    if (at >= end) parts.push(text.slice(end, at), mask);
    end = Math.max(end, to);
  }
  return parts.join('') + text.slice(end);
}

/** Writes at each place where the value or a part of it begins up to where that goes. */
function hide(hiddenTo: Uint32Array, text: string, value: string, cut: Cut): void {
  const until = (from: number, to: number) => {
    hiddenTo[from] = Math.max(hiddenTo[from] ?? 0, to);
  };
  const borders = bordersOf(value);
  const cutAt = cut === 'nowhere' ? 0 : endOfCharacters(text);
  let length = 0;
  for (let at = 1; at <= text.length; at++) {
    length = longer(value, borders, length, text.charCodeAt(at - 1));
    if (length === value.length) until(at - length, at);
    if (at === cutAt && length >= partMin(value)) until(at - length, text.length);
  }
  if (cut !== 'both ends') return;
  const start = startOfCharacters(text);
  // A value has no zero byte.
  const begun = bordersOf(`${text.slice(start, start + value.length - 1)}\0${value}`).at(-1) ?? 0;
  if (begun >= partMin(value)) until(0, start + begun);
}

function partMin({ length }: string): number {
  return Math.max(charactersMin, Math.min(partCharactersMin, Math.ceil(length / 2)));
}

function startOfCharacters(text: string): number {
  let start = 0;
  while (start < replacementsMax && text[start] === '\ufffd') start++;
  return start;
}

function endOfCharacters(text: string): number {
  let end = text.length;
  while (text.length - end < replacementsMax && text[end - 1] === '\ufffd') end--;
  return end;
}

/** The prefix function: of each beginning of a text the characters of the longest end that is its beginning too. */
function bordersOf(text: string): Uint32Array {
  const borders = new Uint32Array(text.length);
  for (let at = 1; at < text.length; at++) {
    borders[at] = longer(text, borders, borders[at - 1] ?? 0, text.charCodeAt(at));
  }
  return borders;
}

/** How much of a pattern's beginning is read after one character more. */
function longer(pattern: string, borders: Uint32Array, before: number, code: number): number {
  let length = before;
  while (length > 0 && pattern.charCodeAt(length) !== code) length = borders[length - 1] ?? 0;
  return pattern.charCodeAt(length) === code ? length + 1 : length;
}
