import { withRelais } from '../bench/relais.mjs';
import { atMost, told } from './row.mjs';

const calls = 200;
/** Long enough that the whole burst is there before the first call ends. */
const source = 'export default () => new Promise((resolve) => setTimeout(() => resolve("done"), 100))';

/** Many calls at once of a function that nobody called before: how many instances are started for them? */
export function burst({ smoke }) {
  return withRelais([], async (relais) => {
    const rows = [];
    for (const concurrency of smoke ? [4] : [4, 16]) rows.push(...(await burstOn(relais, concurrency)));
    return rows;
  });
}

async function burstOn({ url }, concurrency) {
  const name = `burst-${concurrency}`;
  const query = `name=${name}&lang=js&concurrency=${concurrency}&timeoutMs=30000`;
  const deployed = await fetch(`${url}/deploy?${query}`, { method: 'POST', body: source });
  if (!deployed.ok) throw new Error(await deployed.text());
  const answers = await Promise.all(Array.from({ length: calls }, () => call(url, name)));
  const cold = answers.filter(({ timings }) => timings?.startUs > 0).length;
  const refused = answers.filter(({ code }) => code === 'resource_exhausted').length;
  const wrong = answers.filter(({ code }) => code !== undefined && code !== 'resource_exhausted').length;
  // Each instance of a handler takes one call at a time, so there are never more than may run at once.
  return [
    atMost(concurrency, `${calls} at once, at most ${concurrency} of them running: instances started`, cold, ''),
    told(`${calls} at once, at most ${concurrency} of them running: refused with 429`, refused, ''),
    atMost(0, `${calls} at once, at most ${concurrency} of them running: otherwise failed`, wrong, ''),
  ];
}

/** Over Connect, whose answer tells where the time went. */
async function call(url, name) {
  const init = {
    method: 'POST',
    body: JSON.stringify({ function: name }),
    headers: { 'content-type': 'application/json' },
  };
  const answer = await fetch(`${url}/relais.v1.InvocationService/Invoke`, init);
  return answer.json();
}
