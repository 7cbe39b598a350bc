import { readFileSync } from 'node:fs';
import { atMost } from './row.mjs';

/** Of every call to what `deployCounting` deploys. */
const timeoutMs = 5000;
/** What the measuring itself may be late. */
const toleranceMs = 250;

/** Each counts in a file that it was begun, before it does anything else. */
const sources = {
  js: `import { appendFileSync } from 'node:fs';
export default async (id) => {
  appendFileSync(process.env.COUNTS, id + '\\n');
  await new Promise((resolve) => setTimeout(resolve, 5));
  return id;
};`,
  python: `import os, time
def handler(id, context):
    with open(os.environ['COUNTS'], 'a') as file:
        file.write(id + '\\n')
    time.sleep(0.005)
    return id
`,
};

/** Functions, `count-js` and `count-python`, that write the id they are called with to the file `counts`: without a sandbox. */
export async function deployCounting(url, counts) {
  for (const [lang, source] of Object.entries(sources)) {
    const query = `name=count-${lang}&lang=${lang}&timeoutMs=${timeoutMs}&env.COUNTS=${encodeURIComponent(counts)}`;
    const response = await fetch(`${url}/deploy?${query}`, { method: 'POST', body: source });
    if (!response.ok) throw new Error(await response.text());
  }
}

/** The n-th call: to the one in Python every third time. */
export function countedCall(index) {
  return { path: `/invoke?fn=count-${index % 3 ? 'js' : 'python'}`, body: `id-${index}` };
}

/** Whether the function saw a call, and what holds of all calls whatever happens to the platform. */
export function readCounts(counts) {
  const begun = new Map();
  for (const id of readFileSync(counts, 'utf8').split('\n')) if (id) begun.set(id, (begun.get(id) ?? 0) + 1);
  const isUnseen = ({ index }) => !begun.has(`id-${index}`);
  const promises = (answers) => {
    const good = answers.filter(({ status }) => status === 200);
    const late = answers.filter(({ tookMs }) => tookMs > timeoutMs + toleranceMs).length;
    const twice = [...begun.values()].filter((times) => times > 1).length;
    const denied = answers.filter((answer) => wasNotStarted(answer) && !isUnseen(answer)).length;
    return [
      atMost(0, 'answered after their deadline', late, ''),
      atMost(0, 'run twice', twice, ''),
      atMost(0, 'told that they were not started though they were', denied, ''),
      atMost(0, 'answered well though the function never saw them', good.filter(isUnseen).length, ''),
    ];
  };
  return { isUnseen, promises };
}

export function wasNotStarted({ text }) {
  return /"notStarted":true/.test(text);
}

export function reasonOf({ status, text }) {
  return /"reason":"(\w+)"/.exec(text)?.[1] ?? `status ${status} ${text.slice(0, 80)}`;
}

/** How often each reason was given, as text; empty when there is none. */
export function reasonsOf(answers) {
  const counts = {};
  for (const answer of answers) counts[reasonOf(answer)] = (counts[reasonOf(answer)] ?? 0) + 1;
  return answers.length > 0 ? JSON.stringify(counts) : '';
}
