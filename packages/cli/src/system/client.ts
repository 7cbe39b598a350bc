import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './role-process.js';

/** A REST answer: status, headers and the parsed body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & { ok?: boolean; error?: ErrorBody };
}

export interface ErrorBody {
  readonly code: string;
  readonly reason: string;
  readonly fault: string;
  readonly message: string;
  readonly diagnostics?: { file: string; line: number; column: number; severity: string; message: string }[];
  readonly timings?: { queuedUs: number; coldUs: number; runUs: number };
  readonly notStarted?: boolean;
  readonly retryAfterMs?: number;
  readonly exit?: { exitCode: number; stderrTail: string };
}

/** The seed's verbs over plain HTTP. */
export class Client {
  readonly url: string;
  readonly #headers: Record<string, string>;

  /** `headers` go with every request. */
  constructor(url: string, headers: Record<string, string> = {}) {
    this.url = url;
    this.#headers = headers;
  }

  deploy(name: string, lang: string, source: string | Uint8Array, more = ''): Promise<Answer> {
    return this.send('POST', `/deploy?name=${encodeURIComponent(name)}&lang=${lang}${more}`, source);
  }

  deployExample(name: string, lang: string, file: string): Promise<Answer> {
    return this.deploy(name, lang, example(file));
  }

  invoke(reference: string, payload: string | Uint8Array = ''): Promise<Answer> {
    return this.send('POST', `/invoke?fn=${encodeURIComponent(reference)}`, payload);
  }

  /** Connect over JSON, as curl does it. */
  connect(method: string, message: unknown): Promise<Answer> {
    return this.send('POST', `/relais.v1.${method}`, JSON.stringify(message), { 'content-type': 'application/json' });
  }

  async send(
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const init: RequestInit = { method, headers: { ...this.#headers, ...headers } };
    if (body !== undefined) init.body = typeof body === 'string' ? body : Buffer.from(body);
    const response = await fetch(this.url + path, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  }
}

/** Source of one of the repository's examples. */
export function example(file: string): Buffer {
  return readFileSync(join(repositoryRoot, 'examples', file));
}

function parsed(text: string): Answer['body'] {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}
