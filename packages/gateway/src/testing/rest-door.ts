import type { Door, DoorFailure, DoorFunction } from './door.js';

/** The parts of REST answers the tests look at. */
interface RestBody extends DoorFunction {
  ok: boolean;
  output: string;
  code: string;
  functions: DoorFunction[];
  nextPageToken?: string;
  versionsDeleted: number;
  languages: { lang: string; available: boolean }[];
  error: DoorFailure & { diagnostics?: { line: number }[]; limit?: { name: string } };
}

/** Contract section 4, with a key when one is given. */
export function restDoor(url: string, key?: string): Door {
  async function ask(method: string, path: string, body?: string): Promise<RestBody> {
    const headers: Record<string, string> = key === undefined ? {} : { 'x-relais-key': key };
    const answer = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    const json = (await answer.json()) as RestBody;
    if (json.ok) return json;
    const { diagnostics = [], invocationId = '', limit, traceId = '', ...rest } = json.error;
    const lines = diagnostics.map((each) => each.line);
    throw { ...rest, invocationId, traceId, limitName: limit?.name ?? '', diagnosticLines: lines } as DoorFailure;
  }
  const pick = ({ id, lang, name, version, wasm }: DoorFunction) => ({ id, name, lang, wasm, version });
  return {
    name: 'REST over HTTP/1.1',
    async deploy({ config = {}, filename, lang, name, source, update }) {
      const query = new URLSearchParams({ name });
      if (lang !== undefined) query.set('lang', lang);
      if (filename !== undefined) query.set('filename', filename);
      if (update !== undefined) query.set('update', String(update));
      const { cflags = [], env = {}, ...numbers } = config;
      for (const [key, value] of Object.entries(numbers)) query.set(key, String(value));
      for (const flag of cflags) query.append('cflags', flag);
      for (const [key, value] of Object.entries(env)) query.set(`env.${key}`, value);
      return pick(await ask('POST', `/deploy?${query}`, source));
    },
    invoke: async (reference, payload) =>
      (await ask('POST', `/invoke?fn=${encodeURIComponent(reference)}`, payload)).output,
    async get(reference) {
      const answer = await ask('GET', `/function/${encodeURIComponent(reference)}`);
      return { ...pick(answer), source: answer.code };
    },
    async list(pageSize, pageToken) {
      const answer = await ask('GET', `/functions?pageSize=${pageSize}&pageToken=${pageToken}`);
      return { names: answer.functions.map((each) => each.name), nextPageToken: answer.nextPageToken ?? '' };
    },
    delete: async (name) => (await ask('DELETE', `/function/${encodeURIComponent(name)}`)).versionsDeleted,
    async languages() {
      const { languages } = await ask('GET', '/languages');
      return languages.filter((each) => each.available).map((each) => each.lang);
    },
  };
}
