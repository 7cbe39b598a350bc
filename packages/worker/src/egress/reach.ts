import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import type { Clock } from '@relais/kit';
import { isSameAddress, whyNever } from './addresses.js';
import type { NetworkRules } from './network-rules.js';
import { type Target, targetText } from './target.js';

/** Of one name; beyond it the rest is not tried. */
const addressesMax = 4;

/** Why there is no connection; the message is for the function's log. */
export class Unreachable extends Error {
  /** Of HTTP: 403 it may not, 502 it could not. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * A connection to a target that policy allows: the name is resolved once, and what is connected to is an address that was
 * looked at. Rejects with Unreachable.
 */
export async function reach(target: Target, rules: NetworkRules, clock: Clock, connectMs: number): Promise<Socket> {
  const endMs = clock.nowMs() + connectMs;
  const addresses = await within(allowedAddresses(target, rules), clock, connectMs).catch((error) => {
    if (error instanceof Unreachable) throw error;
    throw new Unreachable(502, `${target.host} cannot be resolved: ${codeOf(error)}`);
  });
  let last: unknown;
  for (const address of addresses.slice(0, addressesMax)) {
    try {
      return await connected(address, target.port, clock, endMs - clock.nowMs());
    } catch (error) {
      last = error;
    }
  }
  throw new Unreachable(502, `${targetText(target)} cannot be reached: ${codeOf(last)}`);
}

async function allowedAddresses(target: Target, rules: NetworkRules): Promise<readonly string[]> {
  const found = await addressesOf(target.host, rules);
  const own = rules.ownAddresses();
  const judged = await Promise.all(
    found.map(async (address) => ({ address, why: whyNever(address, own) ?? (await whyPeer(address, target, rules)) })),
  );
  const refused = judged.find(({ why }) => why !== undefined);
  const allowed = judged.filter(({ why }) => why === undefined);
  if (refused && allowed.length === 0) {
    throw new Unreachable(403, `${targetText(target)} is never reachable: ${refused.address} is ${refused.why}`);
  }
  return allowed.map(({ address }) => address);
}

async function addressesOf(host: string, { resolve }: NetworkRules): Promise<readonly string[]> {
  return isIP(host) ? [host] : resolve(host);
}

/** Roles ask for a token, but a function has no business to try. */
async function whyPeer(address: string, { port }: Target, rules: NetworkRules): Promise<string | undefined> {
  for (const peer of rules.peers) {
    if (peer.port !== port) continue;
    const known = await addressesOf(peer.host, rules).catch(() => []);
    if (known.some((one) => isSameAddress(one, address))) return 'part of the platform';
  }
  return undefined;
}

async function connected(host: string, port: number, clock: Clock, withinMs: number): Promise<Socket> {
  const socket = connect({ host, port });
  // Whoever uses it later sees it close.
  socket.on('error', () => {});
  try {
    await within(once(socket, 'connect'), clock, withinMs);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Rejects with ETIMEDOUT when it takes longer. */
function within<T>(promise: Promise<T>, clock: Clock, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const forget = clock.after(Math.max(0, ms), () => reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
  return Promise.race([promise, late]).finally(forget);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? 'no address';
}
