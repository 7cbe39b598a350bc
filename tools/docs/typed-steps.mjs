// Turns a page into what a reader types and sees. The rules:
//
// - Every ```sh fence is typed, from the top of the page to its end, in the root of the clone. What fences do not share is the
//   shell: a variable set in one is not there in the next.
// - What keeps its terminal (`npm start`, `npx relais up`, `npx relais dev`) gets one of its own, and the reader waits until
//   it is ready. A fence that starts a platform first ends, by Ctrl-C, what earlier fences left running.
// - A fence without a language, with nothing but one paragraph between it and the ```sh fence before, is what that one brings, when the
//   paragraph ends in "prints", "answers" or the like. So is `…` in "The second line answers `…`". "…" inside stands for anything, a
//   decimal number for any other. It may come from a terminal that was opened earlier.
// - `npm test` and `npm run NAME` are not run: the first would run this very test, the others take minutes and are run by
//   others. It is checked that they exist, and that the test runner finds its tests.
import { fences } from './markdown.mjs';

const ready = [
  [/^npm start\b/, 'relais ready'],
  [/^npx relais up\b/, 'relais ready'],
  [/^npx relais dev\b/, 'waiting for a change'],
];

/**
 * @typedef {{ kind: 'script' | 'terminal' | 'listed', text: string, ready?: string }} Typed
 * @typedef {{ line: number, startsPlatform: boolean, typed: Typed[], expected: string[] }} Step
 * @param {string} page
 * @returns {Step[]}
 */
export function typedSteps(page) {
  const all = fences(page);
  const paragraphsAfter = afterFences(page);
  return all.flatMap((fence, at) => {
    if (fence.lang !== 'sh') return [];
    const typed = typedParts(fence.text);
    const startsPlatform = typed.some(({ ready: mark }) => mark === 'relais ready');
    const expected = [shownBy(all[at + 1]), ...answersIn(paragraphsAfter[at] ?? '')].filter(
      (text) => text !== undefined,
    );
    return [{ line: fence.line, startsPlatform, typed, expected }];
  });
}

/** Whether `output` holds `expected`; "…" is anything within a line, a decimal number any number. */
export function holds(output, expected) {
  const pattern = expected
    .trim()
    .split(/(…|(?<![\d.])\d+\.\d+(?![\d.]))/)
    .map((part, index) => (index % 2 === 0 ? escaped(part) : part === '…' ? '.*?' : '\\d+(\\.\\d+)?'))
    .join('');
  return new RegExp(pattern).test(output);
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\n/g, '\\r?\\n');
}

function shownBy(fence) {
  if (fence?.lang !== '' || !fence.follows) return undefined;
  return /\b(prints|answers|shows)(\s+\w+)?:?$/.test(fence.before) ? fence.text : undefined;
}

function answersIn(paragraph) {
  return [...paragraph.matchAll(/\bline (?:answers|prints) `([^`]+)`/g)].map(([, text]) => text);
}

/** The paragraph that follows each fence. */
function afterFences(page) {
  const parts = page.split(/^\s*```\w*\s*$/m);
  return parts.filter((_, index) => index > 0 && index % 2 === 0).map((text) => text.trim().split('\n\n')[0] ?? '');
}

function typedParts(text) {
  const parts = [];
  let script = [];
  const flush = () => {
    if (script.length > 0) parts.push({ kind: 'script', text: script.join('\n') });
    script = [];
  };
  for (const line of text.split('\n')) {
    const mark = ready.find(([form]) => form.test(line))?.[1];
    const listed = /^npm (test|run \S+)/.test(line);
    if (!mark && !listed) script.push(line);
    else {
      flush();
      parts.push(mark ? { kind: 'terminal', text: line, ready: mark } : { kind: 'listed', text: line });
    }
  }
  flush();
  return parts;
}
