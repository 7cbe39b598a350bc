import type { Duplex } from 'node:stream';
import type { HttpResponse } from '@relais/contracts';
import type { Clock, RelaisError } from '@relais/kit';
import type { RuntimeLimits } from '../runtimes/limits.js';
import type { CpuHit } from './cpu-watch.js';
import { processStartFailed } from './failures.js';
import { encodeFrame, type Frame, FrameReader, type FrameViolation } from './frames.js';
import { type GuestError, type GuestMessage, parseGuestMessage } from './guest-messages.js';
import { LogCapture } from './log-capture.js';
import type { LaunchedProcess, LimitsHit, ProcessExit } from './process-launcher.js';
import { type UserSpan, userSpansMax } from './user-spans.js';

/** How a language's shim is started: a process that knows no function yet and waits for its first frame. */
export interface GuestBoot {
  /** Equal keys are interchangeable. */
  readonly key: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Of the whole process, with what the runtime itself needs. */
  readonly memoryBytesMax: number;
  /** As in a LaunchSpec. */
  readonly egress?: boolean;
  /** As in a LaunchSpec. */
  readonly cpuSecondsMax?: number;
  /** Variables that the interpreter itself must find at its start. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it must be able to read. */
  readonly readable?: readonly string[];
  /** What the language's fork server needs to know to make such a guest; undefined when it cannot. */
  readonly setup?: object;
}

/** What went wrong instead of an answer. */
export type GuestFault =
  | { readonly kind: 'error'; readonly error: GuestError }
  | { readonly kind: 'overflow'; readonly bytes: number }
  | { readonly kind: 'ended'; readonly exit: ProcessExit }
  | { readonly kind: 'violation'; readonly what: string };

export type GuestReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly http: HttpResponse | RelaisError | undefined; readonly output: Buffer }
  | GuestFault;

/** Takes a part of a call's output as it comes; what it returns, if anything, is what the guest must not have done. */
export type OnPart = (data: Buffer, http: HttpResponse | RelaisError | undefined) => string | undefined;

interface Pending {
  /** 0 while the function is being loaded. */
  readonly call: number;
  /** Absent: the answer comes whole. */
  readonly onPart?: OnPart | undefined;
  readonly resolve: (reply: GuestReply) => void;
}

const noPayload = Buffer.alloc(0);
/** A longer payload is not copied. */
const copiedBytesMax = 16 * 1024;

/** Spans from one call to the next, late ones of calls before included: shims send no more than 100 of a call. */
const spanFramesMax = 2000;
const spanBytesMax = 4 * 1024 * 1024;

/** How long a process that has closed its channel may take to exit, so that its exit code is seen. */
const exitGraceMs = 100;

/**
 * One process that speaks frames: it is given a function, then one call at a time. Whatever it does, a reply comes: when
 * it ends, sends what is no message, or speaks out of turn, it is killed and the call under way gets that as its reply.
 */
export class Guest {
  readonly logs: LogCapture;
  /** How long its last call ran, milliseconds; 0 before the first. */
  lastRunMs = 0;
  /** Resolves once the process and everything of it is gone. */
  readonly gone: Promise<ProcessExit>;
  readonly #process: LaunchedProcess;
  readonly #channel: Duplex;
  readonly #reader: FrameReader;
  #onOutput: (chunk: Buffer) => void = (chunk) => this.logs.stdout(chunk);
  #pending: Pending | undefined;
  #usedUp = false;
  #violation: string | undefined;
  #alive = true;
  #exited = false;
  #cpuHit: CpuHit | undefined;
  #calls = 0;
  #spans: UserSpan[] = [];
  #spanFrames = 0;
  #spanBytes = 0;

  private constructor(process: LaunchedProcess, channel: Duplex, limits: RuntimeLimits, clock: Clock) {
    this.#process = process;
    this.#channel = channel;
    this.logs = new LogCapture(limits.logBytesMax);
    this.#reader = new FrameReader({
      payloadBytesMax: limits.outputBytesMax,
      onFrame: (frame) => this.#onFrame(frame),
      onViolation: (violation) => this.#onViolation(violation),
    });
    process.stdout.on('data', (chunk: Buffer) => this.#onOutput(chunk));
    process.stderr.on('data', (chunk: Buffer) => this.logs.stderr(chunk));
    channel.on('data', (chunk: Buffer) => this.#reader.push(chunk));
    channel.once('end', () => {
      if (this.#usedUp) return;
      this.#alive = false;
      clock.after(exitGraceMs, () => this.kill());
    });
    this.gone = process.closed.then((exit) =>
      this.#cpuHit ? { ...exit, limits: { ...exit.limits, cpu: this.#cpuHit } } : exit,
    );
    void this.gone.then((exit) => this.#onGone(exit));
  }

  /** Rejects as the process does. */
  static async in(launching: Promise<LaunchedProcess>, limits: RuntimeLimits, clock: Clock): Promise<Guest> {
    const process = await launching;
    if (!process.channel) throw new Error('the launcher gave no channel');
    return new Guest(process, process.channel, limits, clock);
  }

  /** False once it cannot take another call. */
  get alive(): boolean {
    return this.#alive;
  }

  get calls(): number {
    return this.#calls;
  }

  /** Whether it is at work for somebody. */
  get busy(): boolean {
    return this.#usedUp || this.#pending !== undefined;
  }

  /** Loads a handler: resolves with ready or a fault. */
  load(header: object, source: Uint8Array): Promise<GuestReply> {
    return this.#ask(0, { type: 'load', ...header }, source);
  }

  /** The spans that user code has made since they were last taken. */
  takeSpans(): readonly UserSpan[] {
    const taken = this.#spans;
    if (taken.length > 0) this.#spans = [];
    return taken;
  }

  /** One call of the loaded handler. The header is what the shim makes the context of. */
  call(header: object, payload: Uint8Array, onPart?: OnPart): Promise<GuestReply> {
    this.logs.open();
    this.#calls++;
    this.#spanFrames = 0;
    this.#spanBytes = 0;
    return this.#ask(this.#calls, { type: 'call', call: this.#calls, ...header }, payload, onPart);
  }

  /** Lets the call under way send more parts. */
  grant(bytes: number): void {
    if (this.#pending?.onPart) this.#send({ type: 'credit', call: this.#pending.call, bytes }, noPayload);
  }

  /**
   * Runs a whole program instead of a handler; the guest is used up by it. Standard input is the input, standard output
   * goes to `onOutput`, and what the program writes on the channel is not read. Resolves when everything of it is gone;
   * rejects with unavailable when it could not be begun.
   */
  async run(
    header: object,
    source: Uint8Array,
    input: Uint8Array,
    onOutput: (chunk: Buffer) => void,
  ): Promise<ProcessExit> {
    try {
      await this.#process.giveInput(input);
    } catch (cause) {
      this.kill();
      throw processStartFailed(cause);
    }
    this.#usedUp = true;
    this.#reader.end();
    this.#channel.pause();
    this.#onOutput = onOutput;
    void this.#process.exited.then(() => {
      this.#exited = true;
      // What is left is no more than a pipe holds, and is lost if it is not read now.
      this.#process.stdout.resume();
    });
    this.#send({ type: 'run', ...header }, source);
    return this.gone;
  }

  /** Keeps a program from writing more than its pipe holds, until told otherwise or until it has ended. */
  holdOutput(held: boolean): void {
    const { stdout } = this.#process;
    if (held && !this.#exited) stdout.pause();
    else stdout.resume();
  }

  /** It starts to work for the owner, who owes processor time for all that do. */
  serve(owner: object): void {
    this.#process.serve(owner);
  }

  /** It has started. */
  started(): void {
    this.#process.started();
  }

  cpuUsedMs(): number | undefined {
    return this.#process.cpuUsedMs();
  }

  /** How long it has waited for a processor, milliseconds; undefined when that cannot be known. */
  processorWaitMs(): number | undefined {
    return this.#process.processorWaitMs();
  }

  memoryBytes(): Promise<number> {
    return this.#process.memoryBytes();
  }

  /** Kills it, and says so of how it ended. */
  endAtCpuLimit(hit: CpuHit): void {
    this.#cpuHit = hit;
    this.kill();
  }

  /** What its process has run into so far. */
  limitsHit(): LimitsHit | undefined {
    return this.#process.limitsHit();
  }

  kill(): void {
    this.#alive = false;
    this.#process.kill();
  }

  #ask(call: number, header: object, payload: Uint8Array, onPart?: OnPart): Promise<GuestReply> {
    if (!this.#alive) return this.gone.then((exit) => ({ kind: 'ended', exit }));
    return new Promise((resolve) => {
      this.#pending = { call, resolve, onPart };
      this.#send(header, payload);
    });
  }

  #send(header: object, payload: Uint8Array): void {
    const [head, body] = encodeFrame(header, payload);
    // One short buffer costs less than two written together.
    if (body.length < copiedBytesMax) {
      this.#channel.write(body.length === 0 ? head : Buffer.concat([head, body]));
      return;
    }
    this.#channel.cork();
    this.#channel.write(head);
    this.#channel.write(body);
    this.#channel.uncork();
  }

  #onFrame(frame: Frame): void {
    const message = parseGuestMessage(frame.header);
    const pending = this.#pending;
    if (!message) {
      this.#violate('an unknown message');
    } else if (message.type === 'span') {
      this.#onSpan(message, frame.headerBytes);
    } else if (!pending || callOf(message) !== pending.call) {
      this.#violate(`a message "${message.type}" out of turn`);
    } else if (message.type === 'part') {
      const wrong = pending.onPart ? pending.onPart(frame.payload, message.http) : 'a part of an answer wanted whole';
      if (wrong) this.#violate(wrong);
    } else {
      this.#pending = undefined;
      // What was printed before the answer is in the other pipes by now, and is read by the end of this turn of the loop.
      setImmediate(pending.resolve, replyOf(message, frame.payload));
    }
  }

  /** One that comes when its call is over is left out, but not for nothing: reading it takes the worker's time. */
  #onSpan({ call, span }: { readonly call: number; readonly span: UserSpan | undefined }, bytes: number): void {
    this.#spanFrames++;
    this.#spanBytes += bytes;
    if (this.#spanFrames > spanFramesMax || this.#spanBytes > spanBytesMax) this.#violate('too many spans');
    else if (span && call === this.#pending?.call && this.#spans.length < userSpansMax) this.#spans.push(span);
  }

  #onViolation(violation: FrameViolation): void {
    if (violation.kind === 'malformed') {
      this.#violate(violation.what);
    } else {
      this.kill();
      this.#reply({ kind: 'overflow', bytes: violation.bytes });
    }
  }

  #violate(what: string): void {
    this.#violation = what;
    this.#reader.end();
    this.kill();
    this.#reply({ kind: 'violation', what });
  }

  #onGone(exit: ProcessExit): void {
    this.#alive = false;
    this.#reply(this.#violation === undefined ? { kind: 'ended', exit } : { kind: 'violation', what: this.#violation });
  }

  #reply(reply: GuestReply): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve(reply);
  }
}

function callOf(message: GuestMessage): number {
  return message.type === 'ready' || message.type === 'failed' ? 0 : message.call;
}

function replyOf(message: Exclude<GuestMessage, { type: 'part' | 'span' }>, payload: Buffer): GuestReply {
  switch (message.type) {
    case 'ready':
      return { kind: 'ready' };
    case 'result':
      return { kind: 'result', http: message.http, output: payload };
    case 'overflow':
      return { kind: 'overflow', bytes: message.bytes };
    default:
      return { kind: 'error', error: message.error };
  }
}
