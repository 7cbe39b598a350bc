import type { OutputPart } from '@relais/contracts';
import { Cancellation, Flow, partCost } from '@relais/kit';
import type { Caller } from './caller.js';
import type { InvokeOutput } from './invoke-function.js';

/** Runs the call with parts of its output going to the flow, for as long as the caller wants it. */
type Run = (flow: Flow<OutputPart>, whileWanted: Caller) => Promise<InvokeOutput>;

/**
 * The output of one call as it comes. Whoever reads it takes part after part; the function produces as much more as has
 * been taken, so that one who does not read stops it.
 */
export class StreamedOutput {
  readonly invocationId: string;
  readonly functionName: string;
  /**
   * Settles when the function has ended; parts may still wait to be taken. `output` is all of it when nothing came in
   * parts, else empty.
   */
  readonly end: Promise<InvokeOutput>;
  readonly #flow: Flow<OutputPart>;
  readonly #unwanted = new Cancellation();
  readonly #waiting: OutputPart[] = [];
  /** A quarter of the window is given back at once: not every small part is worth a message. */
  readonly #grantBytesMin: number;
  #takenCost = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(
    named: { readonly invocationId: string; readonly functionName: string },
    windowBytes: number,
    caller: Caller,
    run: Run,
  ) {
    this.invocationId = named.invocationId;
    this.functionName = named.functionName;
    this.#grantBytesMin = windowBytes / 4;
    this.#flow = new Flow(windowBytes, (part) => {
      this.#waiting.push(part);
      this.#wake?.();
    });
    const { signal } = caller;
    const gone = () => this.#unwanted.cancel();
    signal?.addEventListener('abort', gone);
    if (signal?.aborted) gone();
    this.end = run(this.#flow, { ...caller, signal: this.#unwanted });
    const settled = () => {
      signal?.removeEventListener('abort', gone);
      this.#ended = true;
      this.#wake?.();
    };
    this.end.then(settled, settled);
  }

  /** The next part, once there is one; undefined when all have been taken and the function has ended. One reader. */
  async next(): Promise<OutputPart | undefined> {
    while (this.#waiting.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const part = this.#waiting.shift();
    if (part) this.#giveBack(partCost(part.data.length));
    return part;
  }

  /** Nobody wants the rest: the function is stopped. Without effect when it has ended. */
  cancel(): void {
    this.#waiting.length = 0;
    this.#unwanted.cancel();
  }

  #giveBack(cost: number): void {
    this.#takenCost += cost;
    if (this.#takenCost < this.#grantBytesMin) return;
    this.#flow.grant(this.#takenCost);
    this.#takenCost = 0;
  }
}
