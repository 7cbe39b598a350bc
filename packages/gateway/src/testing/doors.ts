import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { error as edgeError, functions, invocation } from '@relais/contracts/edge';

/** What a deploy says in the tests; config by the names of the query parameters. */
export interface DoorDeploy {
  name: string;
  lang?: string;
  filename?: string;
  source: string;
  update?: boolean;
  config?: { timeoutMs?: number; memoryMb?: number; cflags?: string[]; env?: Record<string, string> };
}

export interface DoorFunction {
  id: string;
  name: string;
  lang: string;
  wasm: boolean;
  version: number;
}

/** A failure with the words of the contract, whichever way it came. */
export interface DoorFailure {
  code: string;
  reason: string;
  fault: string;
  message: string;
  component: string;
  invocationId: string;
  traceId: string;
  limitName: string;
  diagnosticLines: number[];
}

/** One way into the gateway; every method answers plain data or throws a DoorFailure. */
export interface Door {
  readonly name: string;
  deploy(input: DoorDeploy): Promise<DoorFunction>;
  /** Sends text, answers text. */
  invoke(reference: string, payload: string): Promise<string>;
  get(reference: string): Promise<DoorFunction & { source: string }>;
  list(pageSize: number, pageToken: string): Promise<{ names: string[]; nextPageToken: string }>;
  delete(name: string): Promise<number>;
  /** Names of the languages that are available. */
  languages(): Promise<string[]>;
}

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

/** Every protocol the port speaks. */
export function allDoors(url: string): Door[] {
  return [
    restDoor(url),
    rpcDoor('Connect JSON over HTTP/1.1', createConnectTransport({ baseUrl: url, httpVersion: '1.1' })),
    rpcDoor(
      'Connect binary over h2c',
      createConnectTransport({ baseUrl: url, httpVersion: '2', useBinaryFormat: true }),
    ),
    rpcDoor('gRPC over h2c', createGrpcTransport({ baseUrl: url })),
    rpcDoor('gRPC-Web over HTTP/1.1', createGrpcWebTransport({ baseUrl: url, httpVersion: '1.1' })),
  ];
}

function restDoor(url: string): Door {
  async function ask(method: string, path: string, body?: string): Promise<RestBody> {
    const answer = await fetch(url + path, { method, ...(body === undefined ? {} : { body }) });
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

function rpcDoor(name: string, transport: Transport): Door {
  const functionClient = createClient(functions.FunctionService, transport);
  const invocationClient = createClient(invocation.InvocationService, transport);
  const pick = (value: functions.Function | undefined): DoorFunction => {
    const { id, lang, name: called, version, wasm } = value ?? create(functions.FunctionSchema);
    return { id, name: called, lang, wasm, version };
  };
  return {
    name,
    async deploy({ config, source, ...rest }) {
      const request = { ...rest, source: { case: 'text' as const, value: source }, ...(config ? { config } : {}) };
      return pick((await translated(functionClient.deployFunction(request))).function);
    },
    async invoke(reference, payload) {
      const request = { function: reference, payload: { case: 'text' as const, value: payload } };
      const { output } = await translated(invocationClient.invoke(request));
      if (output.case !== 'text') throw new Error(`text was answered with ${output.case}`);
      return output.value;
    },
    async get(reference) {
      const answer = await translated(functionClient.getFunction({ function: reference }));
      return { ...pick(answer.function), source: Buffer.from(answer.source).toString() };
    },
    async list(pageSize, pageToken) {
      const answer = await translated(functionClient.listFunctions({ pageSize, pageToken }));
      return { names: answer.functions.map((each) => each.name), nextPageToken: answer.nextPageToken };
    },
    delete: async (called) => (await translated(functionClient.deleteFunction({ name: called }))).versionsDeleted,
    async languages() {
      const { languages } = await translated(functionClient.listLanguages({}));
      return languages.filter((each) => each.available).map((each) => each.lang);
    },
  };
}

async function translated<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const failure = ConnectError.from(error);
    const [detail] = failure.findDetails(edgeError.ErrorDetailSchema);
    if (!detail) throw error;
    // The status and the detail must say the same.
    const status = Code[failure.code].replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).slice(1);
    throw {
      code: status === detail.code ? detail.code : `${status} with the detail of ${detail.code}`,
      reason: detail.reason,
      fault: edgeError.Fault[detail.fault].toLowerCase(),
      message: detail.message,
      component: detail.component,
      invocationId: detail.invocationId,
      traceId: detail.traceId,
      limitName: detail.limit?.name ?? '',
      diagnosticLines: detail.diagnostics.map((each) => each.line),
    } satisfies DoorFailure;
  }
}
