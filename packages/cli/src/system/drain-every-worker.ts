import type { Client } from './client.js';
import { eventually } from './wait.js';

/** Ids of the workers that are attached. */
export async function workerIds(client: Client): Promise<string[]> {
  const { body } = await client.connect('ClusterService/ListWorkers', {});
  return ((body.workers as { id: string }[] | undefined) ?? []).map(({ id }) => id);
}

/** Drains the workers there are one after the other, each when another has taken the place of the last. */
export async function drainEveryWorker(client: Client, workersMin: number, withinMs: number): Promise<void> {
  for (const workerId of await workerIds(client)) {
    await client.connect('ClusterService/DrainWorker', { workerId });
    await eventually(
      'another worker took its place',
      async () => {
        const now = await workerIds(client);
        // More than configured while the load asks for more.
        return now.length >= workersMin && !now.includes(workerId);
      },
      withinMs,
    );
  }
}
