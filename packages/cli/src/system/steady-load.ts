import { request } from 'node:http';

/** What became of one call. */
export interface LoadAnswer {
  /** Of the call, as it was asked for. */
  readonly index: number;
  readonly status: number;
  readonly text: string;
  readonly tookMs: number;
}

export interface SteadyLoadOptions {
  readonly url: string;
  /** Path with query and body of the n-th call. */
  readonly call: (index: number) => { path: string; body: string };
  readonly callsPerSecond: number;
}

const tickMs = 10;
const connectAgainMs = 20;

/**
 * Calls at a steady rate however long answers take, each on a connection of its own. A connection that never stood is
 * made again: its call has not been made yet. Everything else that is no answer counts as status 0.
 */
export class SteadyLoad {
  readonly answers: LoadAnswer[] = [];
  readonly #options: SteadyLoadOptions;
  readonly #open = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #startMs = performance.now();
  #madeCount = 0;

  constructor(options: SteadyLoadOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#make(), tickMs);
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Calls that were made, answered or not. */
  get madeCount(): number {
    return this.#madeCount;
  }

  /** Makes no more calls and resolves when all are answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
  }

  #make(): void {
    const due = ((performance.now() - this.#startMs) * this.#options.callsPerSecond) / 1000;
    for (; this.#madeCount < due; this.#madeCount++) {
      const answered = this.#call(this.#madeCount).finally(() => this.#open.delete(answered));
      this.#open.add(answered);
    }
  }

  async #call(index: number): Promise<void> {
    const { path, body } = this.#options.call(index);
    for (;;) {
      const startMs = performance.now();
      const answer = await send(this.#options.url + path, body);
      if (answer !== 'unconnected') {
        this.answers.push({ index, ...answer, tookMs: performance.now() - startMs });
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, connectAgainMs));
    }
  }
}

function send(url: string, body: string): Promise<{ status: number; text: string } | 'unconnected'> {
  return new Promise((resolve) => {
    const outgoing = request(url, { method: 'POST', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', (error) => resolve({ status: 0, text: String(error) }));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.syscall === 'connect' ? 'unconnected' : { status: 0, text: String(error) });
    });
    outgoing.end(body);
  });
}
