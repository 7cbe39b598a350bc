import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import type { SecretRecord } from '@relais/contracts';
import { secrets } from '@relais/contracts/edge';
import { type EdgeShared, serve } from './serve.js';

/** relais.v1.SecretService over the use cases. */
export function secretService(shared: EdgeShared): ServiceImpl<typeof secrets.SecretService> {
  const { method } = secrets.SecretService;
  const use = shared.core.secrets;
  return {
    setSecret: serve(shared, method.setSecret, async ({ name, value }, { caller }) => {
      return { secret: secretMessage(await use.set(name, value, caller)) };
    }),
    listSecrets: serve(shared, method.listSecrets, async (_request, { caller }) => {
      return { secrets: (await use.list(caller)).map(secretMessage) };
    }),
    deleteSecret: serve(shared, method.deleteSecret, async ({ name }, { caller }) => {
      await use.delete(name, caller);
      return {};
    }),
  };
}

function secretMessage({ name, updatedAtMs, version }: SecretRecord): MessageInitShape<typeof secrets.SecretSchema> {
  return { name, version, updatedAt: timestampFromMs(updatedAtMs) };
}
