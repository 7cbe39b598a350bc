import type { ServiceImpl } from '@connectrpc/connect';
import { type FunctionConfig, Scale } from '@relais/contracts';
import { functions } from '@relais/contracts/edge';
import { functionMessage, isolationCostMessage } from './messages.js';
import { type EdgeShared, serve } from './serve.js';

/** relais.v1.FunctionService over the use cases. */
export function functionService(shared: EdgeShared): ServiceImpl<typeof functions.FunctionService> {
  const { catalog, deploy, languages } = shared.core;
  const { method } = functions.FunctionService;
  return {
    deployFunction: serve(shared, method.deployFunction, async (request, { caller }) => {
      const { filename, lang, name, update } = request;
      const source = bytesOf(request.source.value);
      const config = request.config ? plainConfig(request.config) : undefined;
      const { diagnostics, version } = await deploy.run({ name, lang, filename, update, source, config }, caller);
      return { function: functionMessage(version), diagnostics: [...diagnostics] };
    }),
    getFunction: serve(shared, method.getFunction, async (request, { caller }) => {
      const { isolationCost, source, version } = await catalog.get(request.function, caller);
      return { function: functionMessage(version), source, ...isolationCostMessage(isolationCost) };
    }),
    listFunctions: serve(shared, method.listFunctions, async ({ pageSize, pageToken }, { caller }) => {
      const { nextPageToken, versions } = await catalog.list(pageSize, pageToken, caller);
      return { functions: versions.map(functionMessage), nextPageToken };
    }),
    listVersions: serve(shared, method.listVersions, async ({ name, pageSize, pageToken }, { caller }) => {
      const { currentVersion, nextPageToken, versions } = await catalog.versions(name, pageSize, pageToken, caller);
      return { versions: versions.map(functionMessage), nextPageToken, currentVersion };
    }),
    rollbackFunction: serve(shared, method.rollbackFunction, async ({ name, version: wanted }, { caller }) => {
      const { previousVersion, version } = await catalog.rollback(name, wanted, caller);
      return { function: functionMessage(version), previousVersion };
    }),
    deleteFunction: serve(shared, method.deleteFunction, async ({ name }, { caller }) => {
      return { versionsDeleted: await catalog.delete(name, caller) };
    }),
    listLanguages: serve(shared, method.listLanguages, async (_request, { caller }) => {
      const offered = await languages.list(caller);
      return { languages: offered.map((language) => ({ ...language, aliases: [...language.aliases] })) };
    }),
  };
}

function bytesOf(source: string | Uint8Array | undefined): Buffer {
  if (source === undefined) return Buffer.alloc(0);
  return typeof source === 'string'
    ? Buffer.from(source)
    : Buffer.from(source.buffer, source.byteOffset, source.length);
}

function plainConfig(config: functions.FunctionConfig): FunctionConfig {
  const {
    auth,
    cflags,
    concurrency,
    cors,
    entry,
    env,
    http,
    idempotent,
    isolation,
    memoryMb,
    network,
    scale,
    secrets,
    strategy,
    timeoutMs,
  } = config;
  return {
    auth,
    cflags: [...cflags],
    concurrency,
    cors: [...cors],
    entry,
    env: { ...env },
    http,
    idempotent,
    isolation: Number(isolation),
    memoryMb,
    network,
    scale: scale && Scale.fromPartial(scale),
    secrets: [...secrets],
    strategy,
    timeoutMs,
  };
}
