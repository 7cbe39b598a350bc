import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { error as edgeError, functions, invocation } from '@relais/contracts/edge';
import type { Door, DoorFailure, DoorFunction } from '../../testing/door.js';

/** Contract section 5, in every protocol, with a key when one is given. */
export function rpcDoors(url: string, key?: string): Door[] {
  const interceptors: Interceptor[] = [];
  if (key !== undefined) interceptors.push(carrying(key));
  return [
    rpcDoor('Connect JSON over HTTP/1.1', createConnectTransport({ baseUrl: url, httpVersion: '1.1', interceptors })),
    rpcDoor('gRPC over h2c', createGrpcTransport({ baseUrl: url, interceptors })),
    rpcDoor('gRPC-Web over HTTP/1.1', createGrpcWebTransport({ baseUrl: url, httpVersion: '1.1', interceptors })),
  ];
}

function carrying(key: string): Interceptor {
  return (next) => (request) => {
    request.header.set('authorization', `Bearer ${key}`);
    return next(request);
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
