import { weightedPick } from '../plan/mix.js';
import type { Plan } from '../plan/plan.js';
import { protocolOf } from '../protocols/catalog.js';
import { Http1Connection } from '../wire/http1-connection.js';
import { Http1Requests } from '../wire/http1-requests.js';
import { Http2Connection, Http2Sessions } from '../wire/http2-connection.js';
import type { Connection, Reply, WireCall } from '../wire/reply.js';
import type { Recorder } from './recorder.js';
import { TraceIds } from './trace-ids.js';

interface PreparedTarget {
  readonly call: WireCall;
  readonly http: 1 | 2;
  readonly failureOf: (reply: Reply) => string;
}

/** A client of the plan's server over either version of HTTP. */
export interface Client {
  readonly 1: Connection;
  readonly 2: Connection;
}

const http2SessionsMax = 8;
/** Servers close a connection that has been idle for long, at times just as the next call is sent. */
const keptMsMax = 1000;

/** Sends calls of the mix and records what becomes of them. */
export class Caller {
  readonly #targets: readonly PreparedTarget[];
  readonly #pick: (random: () => number) => number;
  #mix: () => number;
  readonly #traces: TraceIds;
  readonly #requests: Http1Requests;
  readonly #sessions: Http2Sessions;
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #kept: { readonly client: Client; readonly sinceMs: number }[] = [];

  /** `random` decides the trace ids, and the mix until {@link mixBy} says otherwise. */
  constructor(plan: Plan, random: () => number) {
    this.#url = new URL(plan.url);
    this.#timeoutMs = plan.timeoutMs;
    this.#mix = random;
    this.#targets = plan.targets.map((target) => prepare(target, plan.key));
    this.#pick = weightedPick(plan.targets.map(({ weight }) => weight));
    this.#traces = new TraceIds(plan.traceRatio, random);
    this.#requests = new Http1Requests(this.#url.host);
    this.#sessions = new Http2Sessions(this.#url, http2SessionsMax);
  }

  /** One that an earlier phase has left, with its connection, or a new one. */
  client(): Client {
    const kept = this.#kept.pop();
    if (kept && performance.now() - kept.sinceMs <= keptMsMax) return kept.client;
    if (kept) closeClient(kept.client);
    return {
      1: new Http1Connection(this.#url, this.#requests, this.#timeoutMs),
      2: new Http2Connection(this.#sessions, this.#timeoutMs),
    };
  }

  /** From now on this decides which targets are called. */
  mixBy(random: () => number): void {
    this.#mix = random;
  }

  /** One call of the mix, meant to begin at `intendedMs`; `done` follows when it has been recorded. */
  call(client: Client, intendedMs: number, recorder: Recorder, done: () => void): void {
    const target = this.#pick(this.#mix);
    const prepared = this.#targets[target];
    if (!prepared) return;
    const { sampled, traceId, traceparent } = this.#traces.next();
    const sentMs = performance.now();
    client[prepared.http].send(prepared.call, traceparent, (reply) => {
      const doneMs = performance.now();
      const failure = prepared.failureOf(reply);
      recorder.record({ target, intendedMs: Math.min(intendedMs, sentMs), sentMs, doneMs, failure, traceId, sampled });
      done();
    });
  }

  /** Keeps an idle client for the next phase: connections opened all at once would be what its first second measures. */
  keep(client: Client): void {
    this.#kept.push({ client, sinceMs: performance.now() });
  }

  /** Closes the clients that an earlier phase has left and this one does not want. */
  dropKept(): void {
    for (const { client } of this.#kept.splice(0)) closeClient(client);
  }

  close(): void {
    this.dropKept();
    this.#sessions.close();
  }
}

function closeClient(client: Client): void {
  client[1].close();
  client[2].close();
}

function prepare(
  { function: fn, payload, payloadBytes, protocol: name }: Plan['targets'][number],
  key?: string,
): PreparedTarget {
  const protocol = protocolOf(name);
  const call = protocol.prepare(fn, Buffer.from(payload ?? 'x'.repeat(payloadBytes ?? 0)));
  const headers = key === undefined ? call.headers : { ...call.headers, authorization: `Bearer ${key}` };
  return { call: { ...call, headers }, http: protocol.http, failureOf: protocol.failureOf };
}
