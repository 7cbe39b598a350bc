import type { SendHandle } from 'node:child_process';
import type { Server } from 'node:net';

/** What Node keeps of a port behind its server. */
export type ListeningHandle = SendHandle & { listen(backlog: number): number };

/**
 * Undefined of a server that does not listen. Node has no public way to it, and none to send a port that the receiver does
 * not listen at by itself, or to bound the queue of one that listens already.
 */
export function handleOf(server: Server | undefined): ListeningHandle | undefined {
  return server && '_handle' in server ? ((server._handle as ListeningHandle | null) ?? undefined) : undefined;
}
