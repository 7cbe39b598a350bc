import {
  type AttachRequest,
  AttachResponse,
  type Credit,
  type Job,
  type LanguageSupport,
  type SandboxState,
  type WorkerHello,
} from '@relais/contracts';
import { type BufferedLink, type Link, TickBatch } from '@relais/kit';
import type { FunctionState } from '../functions/function-state.js';
import type { JobEntry } from '../jobs/job-entry.js';
import { JobList } from '../jobs/job-list.js';
import { ApartLane } from './apart-lane.js';
import type { Seat, Standing } from './line-up.js';
import { WorkerHealth } from './worker-health.js';

/** Takes jobs. */
interface Ready {
  readonly kind: 'ready';
}
/** Finishes what it has and takes nothing new. */
interface Draining {
  readonly kind: 'draining';
}
/** Dead, or given up: what it had begun is being found out, until untilMs (monotonic). */
interface Lost {
  readonly kind: 'lost';
  readonly untilMs: number;
  /** For people: completes "The worker …". */
  readonly why: string;
}
/** Over; nothing it sends matters any more. */
interface Closed {
  readonly kind: 'closed';
}
export type SessionState = Ready | Draining | Lost | Closed;

/** One attached worker: what it can do, what it has, and its link. */
export class WorkerSession implements Standing {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  readonly inline: boolean;
  readonly sandbox: SandboxState | undefined;
  /** Jobs it may have at once, as it says. */
  readonly credit: number;
  /** The same, fewer while it starts slowly. */
  slots: number;
  /** One entry per language. */
  readonly languages: readonly LanguageSupport[];
  /** Languages it runs, in order. */
  readonly runLangs: readonly string[];
  readonly weight: number;
  readonly attachOrder: number;
  readonly attachedAt: Date;
  /** Jobs that hold its slots, in order of dispatch. */
  readonly jobs = new JobList();
  state: SessionState = { kind: 'ready' };
  outstandingMs = 0;
  callCount = 0;
  progressMs: number;
  /** When it was last heard, monotonic milliseconds. */
  heardMs: number;
  jobsDone = 0;
  readonly health = new WorkerHealth();
  /** Given nothing until then, monotonic milliseconds; past when it is in rotation. */
  ejectedUntilMs = 0;
  /** Times it was ejected of late. */
  ejections = 0;
  linkOpen = true;
  /** Ids its exit report says it had begun; undefined while there is no report. */
  begunIds: ReadonlySet<number> | undefined;
  readonly seats: Seat[] = [];
  /** Calls beside its loop; undefined where it runs none so. */
  readonly apart: ApartLane<WorkerSession> | undefined;
  #reservedFor: FunctionState | undefined;
  #silent = false;
  readonly #stalledMs: number;
  readonly #link: Link<AttachResponse, AttachRequest> & Partial<BufferedLink<AttachResponse, AttachRequest>>;
  readonly #jobBatch: TickBatch<Job>;
  /** Payloads in this turn's frame. */
  #batchBytes = 0;
  readonly #cancelBatch: TickBatch<number>;
  readonly #creditBatch: TickBatch<Credit>;
  /** Functions it has answered for: they run without being fetched first. */
  readonly #warmKeys = new Set<string>();

  constructor(start: {
    readonly hello: WorkerHello;
    readonly link: Link<AttachResponse, AttachRequest>;
    readonly slotsMax: number;
    readonly stalledMs: number;
    readonly attachOrder: number;
    readonly nowMs: number;
    readonly wallMs: number;
  }) {
    const { hello, link } = start;
    this.id = hello.workerId;
    this.pid = hello.pid;
    this.host = hello.host;
    this.inline = hello.inline;
    this.sandbox = hello.sandbox;
    this.credit = Math.min(hello.slots, start.slotsMax);
    this.slots = this.credit;
    this.apart = hello.inline && hello.apartSlots > 0 ? new ApartLane(this, hello.apartSlots) : undefined;
    this.weight = hello.weight > 0 ? Math.min(hello.weight, weightMax) : 1;
    this.languages = [...new Map(hello.languages.map((support) => [support.lang, support])).values()];
    this.runLangs = this.languages.flatMap(({ lang, runs }) => (runs ? lang : [])).sort();
    this.attachOrder = start.attachOrder;
    this.attachedAt = new Date(start.wallMs);
    this.progressMs = start.nowMs;
    this.#stalledMs = start.stalledMs;
    this.heardMs = start.nowMs;
    this.#link = link;
    this.#jobBatch = new TickBatch((jobs) => {
      this.#batchBytes = 0;
      link.send({ jobs, cancelIds: [], drain: false, credits: [], idleFunctionIds: [], warm: [] });
    });
    this.#cancelBatch = new TickBatch((cancelIds) => {
      this.#jobBatch.flushNow();
      link.send({ jobs: [], cancelIds, drain: false, credits: [], idleFunctionIds: [], warm: [] });
    });
    this.#creditBatch = new TickBatch((credits) =>
      link.send({ jobs: [], cancelIds: [], drain: false, credits, idleFunctionIds: [], warm: [] }),
    );
  }

  /** Time its calls take beside what such calls take; 1 before there are enough to tell. */
  get slowness(): number {
    return this.health.slowness ?? 1;
  }

  get jobCount(): number {
    return this.jobs.size;
  }

  get stalledFromMs(): number {
    return this.inline && this.callCount > 0 ? this.progressMs + this.#stalledMs : Number.POSITIVE_INFINITY;
  }

  /** It takes nothing else until a job of this function fits. */
  get reservedFor(): FunctionState | undefined {
    return this.#reservedFor;
  }

  set reservedFor(fn: FunctionState | undefined) {
    this.#reservedFor = fn;
    this.#changed();
  }

  /** Not heard for longer than it should be: it gets nothing new until it is. */
  get silent(): boolean {
    return this.#silent;
  }

  set silent(silent: boolean) {
    if (silent === this.#silent) return;
    this.#silent = silent;
    this.#changed();
  }

  get kept(): boolean {
    return this.#reservedFor !== undefined || this.#silent;
  }

  /** Whether a frame from it still matters. */
  get listening(): boolean {
    return this.state.kind !== 'closed';
  }

  /** Whether its link may hold so much more for it: with too much the link ends, and every job it has with it. */
  hasBytesFor(payloadBytes: number): boolean {
    return (this.#link.bufferedBytes ?? 0) + this.#batchBytes + payloadBytes <= unsentBytesMax;
  }

  /** Takes a slot and sends the job with this turn's frame. */
  hold(entry: JobEntry, job: Job, estimateMs: number, nowMs: number): void {
    this.#batchBytes += entry.payloadBytes;
    this.jobs.pushBack(entry);
    if (entry.apart) this.apart?.hold(estimateMs);
    if (entry.runsBesideLoop) this.#jobBatch.push(job);
    else this.#holdCall(job, estimateMs, nowMs);
    this.#changed();
  }

  #holdCall(job: Job, estimateMs: number, nowMs: number): void {
    if (this.callCount === 0) this.progressMs = nowMs;
    this.callCount++;
    this.outstandingMs += estimateMs;
    this.#jobBatch.push(job);
  }

  /** Gives a slot back. */
  release(entry: JobEntry, estimateMs: number): void {
    this.jobs.remove(entry);
    if (entry.apart) this.apart?.release(estimateMs);
    this.#changed();
    if (entry.runsBesideLoop) return;
    this.callCount--;
    // Sums of fractions drift; an idle worker is the occasion to begin anew.
    this.outstandingMs = this.callCount === 0 ? 0 : this.outstandingMs - estimateMs;
  }

  /** Lets it send more of a job's output. */
  grant(wireId: number, bytes: number): void {
    if (this.linkOpen) this.#creditBatch.push({ id: wireId, bytes });
  }

  /** It has given a result. */
  progressed(nowMs: number): void {
    this.progressMs = nowMs;
    this.#changed();
  }

  /** Sends what this turn has for it so far. Called on hearing from it: it may have nothing left to do. */
  sendJobs(): void {
    this.#jobBatch.flushNow();
  }

  cancel(wireId: number): void {
    if (this.linkOpen) this.#cancelBatch.push(wireId);
  }

  /** Says that nothing new will come; the last word about it, after all jobs sent. */
  sendDrain(): void {
    this.#jobBatch.flushNow();
    this.#link.send(AttachResponse.create({ drain: true }));
  }

  /** The processes that wait for the next call of a function are no longer needed. */
  endIdle(functionId: string): void {
    if (this.linkOpen) this.#link.send(AttachResponse.create({ idleFunctionIds: [functionId] }));
  }

  /** Has so many instances of a function warm there, whatever the calls. */
  keepWarm(functionId: string, instances: number): void {
    if (this.linkOpen) this.#link.send(AttachResponse.create({ warm: [{ functionId, instances }] }));
  }

  close(): void {
    this.state = { kind: 'closed' };
    this.closeLink();
  }

  closeLink(): void {
    if (this.linkOpen) this.#link.close();
  }

  /** Remembers that a function needs no fetching there. */
  warmed(key: string): void {
    if (this.#warmKeys.size >= warmKeysMax) this.#warmKeys.clear();
    this.#warmKeys.add(key);
  }

  isWarm(key: string): boolean {
    return this.#warmKeys.has(key);
  }

  #changed(): void {
    for (const seat of this.seats) seat.changed();
    this.apart?.changed();
  }
}

const warmKeysMax = 1000;
const weightMax = 1000;
/** Well below what ends a link, and a frame. */
const unsentBytesMax = 32 * 1024 * 1024;
