import net from 'node:net';
import type { Clock } from '@relais/kit';
import { handleOf } from './listening-handle.js';
import { type PortQueue, queueOf } from './port-queue.js';
import { turnOfLoop } from './turn-of-loop.js';

/** A handshake that found the queue full comes again within 0.2 s; one whose peer has gone takes a minute to be given up. */
const sealMsMax = 1000;

/**
 * Takes the last connections of a port that is about to be closed, and lets in no more: what the kernel has made, or makes, and
 * nobody has taken would be reset. A connection of our own is put in the queue and the queue made to hold no more than that one;
 * when nothing else is in it and no handshake under way, then whoever comes gets no answer to its SYN, tries again a second
 * later and finds the port closed, or open again. Resolves in the turn of the loop in which the port is to be closed; where
 * Linux does not show its connections, or others are in the way for a second, the port is not sealed then.
 *
 * @param waitingMax connections that the queue is to hold while it is not sealed
 * @param takenCount connections that were taken from the port so far
 * @returns our own connection, to be destroyed when the port is closed
 */
export async function sealQueue(
  server: net.Server,
  waitingMax: number,
  takenCount: () => number,
  clock: Clock,
): Promise<net.Socket | undefined> {
  const address = server.address() as net.AddressInfo;
  const endMs = clock.nowMs() + sealMsMax;
  // What is left of the turn we are in takes none any more.
  await turnOfLoop();
  while (clock.nowMs() < endMs) {
    const before = takenCount();
    await turnOfLoop();
    if (takenCount() !== before) continue;
    const filler = await begunConnection(address);
    boundQueue(server, 0);
    let queue = queueOf(address);
    if (!queue || holdsOnly(filler, queue)) return filler;
    boundQueue(server, waitingMax);
    filler.destroy();
    while (queue?.comingCount && clock.nowMs() < endMs) {
      await turnOfLoop();
      queue = queueOf(address);
    }
  }
  return undefined;
}

function holdsOnly({ localPort }: net.Socket, { comingCount, peers, waitingCount }: PortQueue): boolean {
  return waitingCount === 1 && comingCount === 0 && peers.has(localPort);
}

/** Node says how many may wait only when a port begins to listen; the system lets it be said again. */
function boundQueue(server: net.Server, waitingMax: number): void {
  handleOf(server)?.listen(waitingMax);
}

/** On loopback a handshake ends within the call that begins it, which Node makes in the next tick. */
async function begunConnection({ address, port }: net.AddressInfo): Promise<net.Socket> {
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address;
  const socket = net.connect({ host, port });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => process.nextTick(resolve));
  return socket;
}
