// Everything that a terminal may take for a command or that changes the order of what is shown: C0 and C1 controls but for
// line break and tab, line and paragraph separators, and the marks that turn the direction of writing.
const unsafe = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Text of unknown origin as a terminal may see it: control characters are written out. Line breaks and tabs stay. */
export function terminalSafe(text: string): string {
  return text.replace(unsafe, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
