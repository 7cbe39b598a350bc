import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import type { KeyRecord } from '@relais/contracts';
import { keys } from '@relais/contracts/edge';
import { type EdgeShared, serve } from './serve.js';

/** relais.v1.KeyService over the use cases. */
export function keyService(shared: EdgeShared): ServiceImpl<typeof keys.KeyService> {
  const { method } = keys.KeyService;
  const use = shared.core.keys;
  return {
    createKey: serve(shared, method.createKey, async ({ $typeName: _, ...input }, { caller }) => {
      const { key, record } = await use.create(input, caller);
      return { key, details: keyMessage(record) };
    }),
    listKeys: serve(shared, method.listKeys, async (_request, { caller }) => {
      return { keys: (await use.list(caller)).map(keyMessage) };
    }),
    revokeKey: serve(shared, method.revokeKey, async ({ id }, { caller }) => {
      await use.revoke(id, caller);
      return {};
    }),
  };
}

function keyMessage({ createdAtMs, sha256: _, ...told }: KeyRecord): MessageInitShape<typeof keys.ApiKeySchema> {
  return { ...told, createdAt: timestampFromMs(createdAtMs) };
}
