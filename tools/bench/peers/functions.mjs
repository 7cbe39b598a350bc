// The same three functions for everyone who runs JavaScript: a greeting, a transformation of 1 KiB of JSON, a few
// milliseconds of arithmetic.

const helloBody = `return 'Hello from FAAS!\\n';`;

const jsonBody = `const { items } = typeof input === 'string' ? JSON.parse(input) : input;
  const byTag = {};
  for (const { price, tag } of items) byTag[tag] = (byTag[tag] ?? 0) + price;
  return JSON.stringify({ count: items.length, byTag });`;

const cpuBody = `let sum = 0;
  for (let n = 2; n < 20000; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (prime) sum += n;
  }
  return String(sum);`;

const items = Array.from({ length: 22 }, (_, index) => ({
  tag: `t${index % 5}`,
  price: index * 3,
  name: `item ${index}`,
}));

/** name, body of a JavaScript function of \`input\`, payload. */
export const functions = [
  { name: 'hello', body: helloBody, payload: '{"input":"test"}' },
  { name: 'json', body: jsonBody, payload: JSON.stringify({ items }) },
  { name: 'cpu', body: cpuBody, payload: '' },
];

export function relaisSource({ body }) {
  return `export default function handler(input) {\n  ${body}\n}\n`;
}

export function workerdSource({ body }) {
  return `export default {
  async fetch(request) {
    return new Response(await run(await request.text()));
  },
};
async function run(input) {
  ${body}
}
`;
}
