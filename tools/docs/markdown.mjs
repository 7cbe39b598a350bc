// What the checks of documents read out of a page.

/**
 * @typedef {{ lang: string, text: string, line: number, before: string, follows: boolean }} Fence  a fenced block: the
 *   paragraph before it as one line, and whether another fence, with that paragraph alone between them, precedes it
 * @param {string} page
 * @returns {Fence[]} in order
 */
export function fences(page) {
  const found = [];
  let open;
  let paragraphs = [];
  for (const [index, line] of page.split('\n').entries()) {
    const mark = /^\s*```(\w*)\s*$/.exec(line);
    if (open && mark) {
      found.push({ ...open, text: open.lines.join('\n') });
      open = undefined;
      paragraphs = [''];
    } else if (open) open.lines.push(line);
    else if (mark) open = fenceAt(mark[1], index, paragraphs, found.length > 0);
    else paragraphs = withLine(paragraphs, line);
  }
  return found;
}

function fenceAt(lang, index, paragraphs, hasFenceBefore) {
  const said = paragraphs.filter((text) => text !== '');
  return { lang, line: index + 1, lines: [], before: said.at(-1) ?? '', follows: hasFenceBefore && said.length <= 1 };
}

function withLine(paragraphs, line) {
  if (line.trim() === '') return [...paragraphs, ''];
  return [...paragraphs.slice(0, -1), `${paragraphs.at(-1) ?? ''} ${line.trim()}`.trim()];
}

/** @returns {string[]} what a page links to, as it is written, outside of fences */
export function links(page) {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
}

/** @returns {string[]} the anchors of a page's headings */
export function anchors(page) {
  return [...prose(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function prose(page) {
  return page.replace(/^\s*```[\s\S]*?^\s*```\s*$/gm, '');
}
