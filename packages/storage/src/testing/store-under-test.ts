import type { CreateVersionRequest, FunctionVersion } from '@relais/contracts';
import { ManualClock, silentLogger } from '@relais/kit';
import type { Backend } from '../backends/backend.js';
import { MemoryBackend } from '../backends/memory/memory-backend.js';
import type { StorageBounds } from '../functions/bounds.js';
import { FunctionStore } from '../functions/function-store.js';
import { context } from './requests.js';

/** A started store over a started backend, in memory unless given, with a clock that stands still. */
export async function startStore(
  options: { backend?: Backend; bounds?: Partial<StorageBounds>; clock?: ManualClock } = {},
) {
  const { backend = new MemoryBackend(), bounds = {}, clock = new ManualClock() } = options;
  await backend.start();
  const store = new FunctionStore({ backend, clock, logger: silentLogger, bounds });
  await store.start();
  return {
    store,
    backend,
    clock,
    /** A second store on the same backend, as after a restart. */
    restart: async () => {
      await store.stop(1000);
      return startStore({ backend, bounds, clock });
    },
    /** Creates all at once; answers them in the order given. */
    create: async (...requests: CreateVersionRequest[]): Promise<FunctionVersion[]> => {
      const answers = await Promise.all(requests.map((request) => store.createVersion(request, context)));
      return answers.flatMap(({ version }) => version ?? []);
    },
    remove: (name: string) => store.deleteFunction({ name }, context),
    resolve: async (reference: string) => (await store.resolveFunction({ function: reference }, context)).version,
    blob: async (digest: string) => (await store.getBlob({ digest }, context)).content,
    keys: async () => (await backend.range({ from: '!', to: '~', limit: 100_000 })).map(({ key }) => key),
  };
}

/** What a rejection with this code and reason must look like. */
export function failure(code: string, reason: string) {
  return expect.objectContaining({ code, fields: expect.objectContaining({ reason, component: 'storage' }) });
}
