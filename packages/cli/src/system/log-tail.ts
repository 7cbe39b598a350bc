const headBytes = 5;

/** One line of TailLogs as Connect's JSON has it. */
export interface TailedLine {
  readonly function?: string;
  readonly invocationId?: string;
  readonly traceId?: string;
  readonly level?: string;
  readonly text?: string;
  readonly platform?: boolean;
}

/** Looks on at TailLogs, by Connect with JSON, until told to leave. */
export class LogTailReader {
  readonly lines: TailedLine[] = [];
  readonly #left: AbortController;

  private constructor(left: AbortController) {
    this.#left = left;
  }

  /** Resolves once it looks on, which the first message says. */
  static async open(url: string, filter: object): Promise<LogTailReader> {
    const json = Buffer.from(JSON.stringify(filter));
    const head = Buffer.alloc(headBytes);
    head.writeUInt32BE(json.length, 1);
    const left = new AbortController();
    const { body } = await fetch(`${url}/relais.v1.InvocationService/TailLogs`, {
      method: 'POST',
      headers: { 'content-type': 'application/connect+json' },
      body: Buffer.concat([head, json]),
      signal: left.signal,
    });
    const reader = new LogTailReader(left);
    const messages = messagesOf(body as unknown as AsyncIterable<Uint8Array>);
    await messages.next();
    void reader.#take(messages);
    return reader;
  }

  leave(): void {
    this.#left.abort();
  }

  async #take(messages: AsyncGenerator<TailedLine>): Promise<void> {
    try {
      for await (const line of messages) if (line.invocationId !== undefined) this.lines.push(line);
    } catch {
      // It has left.
    }
  }
}

/** The messages in their envelopes. */
async function* messagesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<TailedLine> {
  let pending = Buffer.alloc(0);
  for await (const chunk of body) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= headBytes && pending.length >= headBytes + pending.readUInt32BE(1)) {
      const endAt = headBytes + pending.readUInt32BE(1);
      yield JSON.parse(pending.toString('utf8', headBytes, endAt));
      pending = pending.subarray(endAt);
    }
  }
}
