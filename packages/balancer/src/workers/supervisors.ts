import type { SuperviseRequest, SuperviseResponse, SupervisorHello, WorkerExit, WorkerKind } from '@relais/contracts';
import type { Clock, Link, Logger } from '@relais/kit';
import type { WorkerSession } from './worker-session.js';

interface OrderedKill {
  readonly host: string;
  readonly reason: string;
}

type SupervisorLink = Link<SuperviseResponse, SuperviseRequest>;

/** One supervisor that has said hello. */
interface Attached {
  readonly link: SupervisorLink;
  readonly host: string;
  readonly kinds: readonly WorkerKind[];
  /** Workers that run on order, by id: whether they are inline. */
  readonly ordered: Map<string, boolean>;
  /** No processor of its host has time left. */
  isSaturated: boolean;
  /** When it was last heard, monotonic milliseconds; undefined before its first heartbeat. */
  heardMs: number | undefined;
}

/** Workers of one kind that the supervisors of one host can run. */
export interface HostKind extends WorkerKind {
  readonly host: string;
  readonly isSaturated: boolean;
}

const orderedKillsMax = 1000;

export interface SupervisorsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** A link without hello is closed after this long. */
  readonly helloMs: number;
  readonly exited: (exit: WorkerExit) => void;
  /** A worker runs that was ordered. */
  readonly started: (workerId: string, host: string, inline: boolean) => void;
}

/**
 * The supervisors of worker processes, by host. An order to kill goes to every supervisor of the worker's host. Until one has
 * told of the end of that worker it is kept (the last 1000) and sent to each that attaches, for the host may have had none, or
 * one whose link was dead without anybody knowing: no runaway worker is forgotten.
 */
export class Supervisors {
  readonly #options: SupervisorsOptions;
  readonly #links = new Map<SupervisorLink, Attached | undefined>();
  readonly #kills = new Map<string, OrderedKill>();

  constructor(options: SupervisorsOptions) {
    this.#options = options;
  }

  attach(link: SupervisorLink): void {
    this.#links.set(link, undefined);
    const endWait = this.#options.clock.after(this.#options.helloMs, () => link.close());
    link.receive({
      message: (frame) => {
        endWait();
        this.#receive(link, frame);
      },
      closed: () => {
        endWait();
        this.#links.delete(link);
      },
    });
  }

  /** What can be run on which host; several supervisors of one host count together. */
  kinds(): HostKind[] {
    const byKey = new Map<string, HostKind>();
    for (const { host, isSaturated, kinds } of this.#attached()) {
      for (const kind of kinds) {
        const key = `${kind.inline}:${host}`;
        byKey.set(key, together(byKey.get(key), { ...kind, host, isSaturated }));
      }
    }
    return [...byKey.values()];
  }

  /** Hosts whose supervisors all had heartbeats once, and none of them since then (monotonic milliseconds). */
  silentHosts(sinceMs: number): ReadonlySet<string> {
    const attached = this.#attached();
    const heard = attached.filter(({ heardMs }) => heardMs === undefined || heardMs >= sinceMs);
    const silent = new Set(attached.map(({ host }) => host));
    for (const { host } of heard) silent.delete(host);
    return silent;
  }

  /** While we stood still ourselves nobody could be heard. */
  excuse(nowMs: number): void {
    for (const supervisor of this.#attached()) if (supervisor.heardMs !== undefined) supervisor.heardMs = nowMs;
  }

  kill(worker: WorkerSession, reason: string): void {
    const { id, host } = worker;
    const supervisors = this.#of(host);
    for (const { link } of supervisors) link.send({ kills: [{ workerId: id, reason }], starts: [] });
    if (supervisors.length === 0) {
      this.#options.logger.warn({ workerId: id, host }, 'no supervisor is attached to kill this worker');
    }
    this.#kills.set(id, { host, reason });
    const [eldest] = this.#kills.keys();
    if (eldest !== undefined && this.#kills.size > orderedKillsMax) this.#kills.delete(eldest);
  }

  /** Orders one more worker of a kind, of the supervisor that has the most left to give; it comes or it does not. */
  start(host: string, inline: boolean, reason: string): void {
    const able = this.#of(host).sort((one, other) => leftOf(other, inline) - leftOf(one, inline));
    able[0]?.link.send({ kills: [], starts: [{ inline, reason }] });
  }

  /** The worker has shown itself alive: an order that nobody has carried out is void. */
  forgive(workerId: string): void {
    this.#kills.delete(workerId);
  }

  close(): void {
    for (const link of this.#links.keys()) link.close();
  }

  #attached(): Attached[] {
    return [...this.#links.values()].filter((supervisor) => supervisor !== undefined);
  }

  #of(host: string): Attached[] {
    return this.#attached().filter((supervisor) => supervisor.host === host);
  }

  #receive(link: SupervisorLink, frame: SuperviseRequest): void {
    const known = this.#links.get(link);
    const supervisor = known ?? this.#greet(link, frame.hello);
    if (!supervisor) return;
    if (known && (known.heardMs !== undefined || isHeartbeat(frame))) known.heardMs = this.#options.clock.nowMs();
    if (frame.saturated !== undefined) supervisor.isSaturated = frame.saturated;
    for (const { inline, workerId } of frame.ordered) {
      supervisor.ordered.set(workerId, inline);
      this.#options.started(workerId, supervisor.host, inline);
    }
    for (const exit of frame.exits) {
      supervisor.ordered.delete(exit.workerId);
      this.#kills.delete(exit.workerId);
      this.#options.exited(exit);
    }
  }

  #greet(link: SupervisorLink, hello: SupervisorHello | undefined): Attached | undefined {
    if (!hello) {
      this.#options.logger.warn({ peer: link.peer }, 'a supervisor did not begin with hello');
      link.close();
      return undefined;
    }
    const { host, kinds } = hello;
    const supervisor = {
      link,
      host,
      kinds,
      ordered: new Map<string, boolean>(),
      isSaturated: false,
      heardMs: undefined,
    };
    this.#links.set(link, supervisor);
    this.#sendKills(link, host);
    return supervisor;
  }

  #sendKills(link: SupervisorLink, host: string): void {
    const ofHost = [...this.#kills].filter(([, kill]) => kill.host === host);
    const kills = ofHost.map(([workerId, { reason }]) => ({ workerId, reason }));
    if (kills.length > 0) link.send({ kills, starts: [] });
  }
}

function isHeartbeat({ exits, hello, ordered, saturated }: SuperviseRequest): boolean {
  return !hello && exits.length === 0 && ordered.length === 0 && saturated === undefined;
}

/** Workers of a kind that a supervisor may still start. */
function leftOf({ kinds, ordered }: Attached, inline: boolean): number {
  const kind = kinds.find((each) => each.inline === inline);
  const running = [...ordered.values()].filter((each) => each === inline).length;
  return kind ? kind.max - kind.kept - running : Number.NEGATIVE_INFINITY;
}

function together(one: HostKind | undefined, other: HostKind): HostKind {
  if (!one) return other;
  return {
    ...other,
    kept: one.kept + other.kept,
    usual: one.usual + other.usual,
    max: one.max + other.max,
    slots: Math.min(one.slots, other.slots),
    runs: [...new Set([...one.runs, ...other.runs])],
    builds: [...new Set([...one.builds, ...other.builds])],
  };
}
