import { type BuildOutcome, type FunctionVersion, LanguageSupport } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import type { Call, CallOutcome, LoadedFunction, Runtime } from '../runtimes/runtime.js';

/** The outcome of a call that went well. */
export function succeeded(output: string): CallOutcome {
  return { result: { ok: true, output: Buffer.from(output) }, logs: '', logsTruncated: false, coldUs: 0, runUs: 5 };
}

function failed(error: RelaisError): CallOutcome {
  return { result: { ok: false, error }, logs: '', logsTruncated: false, coldUs: 0, runUs: 5 };
}

/** A loaded function whose calls wait until the test ends them. */
export class HeldFunction implements LoadedFunction {
  readonly memoryBytes: number;
  /** As they came, by job. */
  readonly calls = new Map<number, Call>();
  readonly waiting = new Map<number, (outcome: CallOutcome) => void>();
  closed = false;

  constructor(memoryBytes: number) {
    this.memoryBytes = memoryBytes;
  }

  invoke(call: Call): Promise<CallOutcome> {
    this.calls.set(call.jobId, call);
    call.begun();
    return new Promise((resolve) => this.waiting.set(call.jobId, resolve));
  }

  cancel(jobId: number, failure: RelaisError): void {
    this.end(jobId, failed(failure));
  }

  end(jobId: number, outcome: CallOutcome): void {
    this.waiting.get(jobId)?.(outcome);
    this.waiting.delete(jobId);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

/** A runtime that records what it loads: "inline" echoes at once, "processes" holds each call. */
export class FakeRuntime implements Runtime {
  readonly lang: string;
  readonly style: Runtime['style'];
  readonly loads: string[] = [];
  readonly held: HeldFunction[] = [];
  readonly #memoryBytes: number;

  constructor(lang: string, style: Runtime['style'], memoryBytes = 1) {
    this.lang = lang;
    this.style = style;
    this.#memoryBytes = memoryBytes;
  }

  async probe(): Promise<LanguageSupport> {
    return LanguageSupport.create({ lang: this.lang, runs: true, builds: true });
  }

  build: Runtime['build'] = async (): Promise<BuildOutcome> => {
    throw new RelaisError('invalid_argument', 'It does not compile.', { reason: 'compile_error' });
  };

  async load(version: FunctionVersion): Promise<LoadedFunction> {
    this.loads.push(version.id);
    const held = new HeldFunction(this.#memoryBytes);
    this.held.push(held);
    if (this.style === 'processes') return held;
    return {
      memoryBytes: this.#memoryBytes,
      invoke: (call) => {
        call.begun();
        return succeeded(Buffer.from(call.payload).toString());
      },
      cancel: () => {},
      close: () => held.close(),
    };
  }

  async close(): Promise<void> {}
}
