// A small HTTP API: GET /fn/units lists what it knows, GET /fn/units/km/mi?value=5 converts. Called without HTTP it takes
// {"from":"km","to":"mi","value":5}.
const units = {
  length: { m: 1, km: 1000, mi: 1609.344, ft: 0.3048, in: 0.0254 },
  mass: { g: 0.001, kg: 1, lb: 0.45359237, oz: 0.028349523125 },
};

export default (event, { http }) => {
  if (!http) return convert(event);
  if (http.method !== 'GET') return answer(405, { error: 'only GET' }, { allow: 'GET' });
  const [from, to, ...rest] = http.path.split('/').filter(Boolean);
  if (from === undefined) return answer(200, { units: Object.values(units).flatMap(Object.keys) });
  if (to === undefined || rest.length > 0) return answer(404, { error: 'try /km/mi?value=5' });
  try {
    return answer(200, convert({ from, to, value: new URLSearchParams(http.query).get('value') ?? 1 }));
  } catch (error) {
    return answer(400, { error: error.message });
  }
};

function convert({ from, to, value }) {
  const number = Number(value);
  if (!Number.isFinite(number)) throw new Error(`"${value}" is no number`);
  const kind = Object.values(units).find((known) => Object.hasOwn(known, from) && Object.hasOwn(known, to));
  if (!kind) throw new Error(`cannot turn ${from} into ${to}`);
  return { from, to, value: number, result: Number(((number * kind[from]) / kind[to]).toPrecision(9)) };
}

function answer(statusCode, body, headers = {}) {
  return { statusCode, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
