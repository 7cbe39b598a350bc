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

export interface ReachOptions {
  readonly rules: NetworkRules;
  readonly clock: Clock;
  /** Name and connection together. */
  readonly connectMs: number;
  /** Nobody wants it any more; also ends the connection. */
  readonly signal: AbortSignal;
}

/** A connection that is on its way, or is there. */
export interface Way {
  /** Rejects with Unreachable, or with the reason of the signal. */
  readonly socket: Promise<Socket>;
  /** Resolves when nothing of it is left: a lookup goes on when nobody waits for it any more. */
  readonly ended: Promise<void>;
}

/**
 * A connection to a target that policy allows: the name is resolved once, and what is connected to is an address that was
 * looked at.
 */
export function reach(target: Target, options: ReachOptions): Way {
  const givenUp = new AbortController();
  const looked = allowedAddresses(target, options.rules, givenUp.signal);
  const socket = connectedToAny(looked, target, options);
  // A lookup that has not had its turn by then need not begin.
  void socket.catch(() => givenUp.abort());
  return { socket, ended: endOf(looked, socket) };
}

async function connectedToAny(
  looked: Promise<readonly string[]>,
  target: Target,
  { clock, connectMs, signal }: ReachOptions,
): Promise<Socket> {
  const endMs = clock.nowMs() + connectMs;
  const addresses = await within(looked, clock, connectMs, signal).catch((error) => {
    signal.throwIfAborted();
    if (error instanceof Unreachable) throw error;
    throw new Unreachable(502, `${target.host} cannot be resolved: ${codeOf(error)}`);
  });
  let last: unknown;
  for (const address of addresses.slice(0, addressesMax)) {
    try {
      return await connected(address, target.port, { clock, withinMs: endMs - clock.nowMs(), signal });
    } catch (error) {
      signal.throwIfAborted();
      last = error;
    }
  }
  throw new Unreachable(502, `${targetText(target)} cannot be reached: ${codeOf(last)}`);
}

async function endOf(looked: Promise<unknown>, connecting: Promise<Socket>): Promise<void> {
  await Promise.allSettled([looked]);
  const socket = await connecting.catch(() => undefined);
  if (socket && !socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}

async function allowedAddresses(target: Target, rules: NetworkRules, signal: AbortSignal): Promise<readonly string[]> {
  const found = await addressesOf(target.host, rules, signal);
  const own = rules.ownAddresses();
  const judged = await Promise.all(
    found.map(async (address) => ({
      address,
      why: whyNever(address, own) ?? (await whyPeer(address, target, rules, signal)),
    })),
  );
  const refused = judged.find(({ why }) => why !== undefined);
  const allowed = judged.filter(({ why }) => why === undefined);
  if (refused && allowed.length === 0) {
    throw new Unreachable(403, `${targetText(target)} is never reachable: ${refused.address} is ${refused.why}`);
  }
  return allowed.map(({ address }) => address);
}

async function addressesOf(host: string, { resolve }: NetworkRules, signal: AbortSignal): Promise<readonly string[]> {
  return isIP(host) ? [host] : resolve(host, signal);
}

/** Roles ask for a token, but a function has no business to try. */
async function whyPeer(
  address: string,
  { port }: Target,
  rules: NetworkRules,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const peer of rules.peers) {
    if (peer.port !== port) continue;
    const known = await addressesOf(peer.host, rules, signal).catch(() => []);
    if (known.some((one) => isSameAddress(one, address))) return 'part of the platform';
  }
  return undefined;
}

async function connected(
  host: string,
  port: number,
  { clock, withinMs, signal }: { readonly clock: Clock; readonly withinMs: number; readonly signal: AbortSignal },
): Promise<Socket> {
  signal.throwIfAborted();
  const socket = connect({ host, port });
  // Whoever uses it later sees it close.
  socket.on('error', () => {});
  // Given to connect the signal would keep every socket there ever was, for as long as it lives itself.
  const end = () => socket.destroy();
  signal.addEventListener('abort', end);
  socket.once('close', () => signal.removeEventListener('abort', end));
  try {
    await within(once(socket, 'connect'), clock, withinMs, signal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Rejects with ETIMEDOUT when it takes longer, and with the reason of the signal. */
function within<T>(promise: Promise<T>, clock: Clock, ms: number, signal: AbortSignal): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const forget = clock.after(Math.max(0, ms), () => reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
  const giveUp = () => reject(signal.reason);
  signal.addEventListener('abort', giveUp);
  return Promise.race([promise, late]).finally(() => {
    forget();
    signal.removeEventListener('abort', giveUp);
  });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? 'no address';
}
