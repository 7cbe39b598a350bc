// The compiler process: LLVM runs here as WebAssembly over a file system of its own, one source at a time.
import { Worker } from 'node:worker_threads';
import { commands, Exit } from '@yowasp/clang';
import type { CompileReply, CompileRequest } from './compile-messages.js';

const saidBytesMax = 256 * 1024;
const outputName = 'a.wasm';

// Compiling blocks this thread, so only another one can see that the parent is gone.
const watchdog = new Worker(new URL('./compiler-watchdog.js', import.meta.url), { workerData: process.ppid });
watchdog.unref();

process.on('message', (request: CompileRequest) => {
  void compile(request).then((reply) => process.send?.(reply));
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole process group, but a compile that was accepted is finished while the worker drains.
process.on('SIGINT', () => {});

async function compile({ name, source, flags }: CompileRequest): Promise<CompileReply> {
  const said = new Said();
  const collect = (bytes: Uint8Array | null) => said.add(bytes);
  try {
    const files = await commands.clang(
      [...flags, '-o', outputName, name],
      { [name]: source },
      { stdout: collect, stderr: collect, fetchProgress: () => {} },
    );
    const module = files?.[outputName];
    return module instanceof Uint8Array ? { module, said: said.text() } : { said: said.text() };
  } catch (error) {
    if (error instanceof Exit) return { said: said.text() };
    // LLVM itself gave up; its message comes first, the reason after it.
    return { said: `${said.text()}\nerror: the compiler gave up: ${String(error)}` };
  }
}

/** What the compiler printed, bounded. */
class Said {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  add(bytes: Uint8Array | null): void {
    if (bytes === null || this.#bytes >= saidBytesMax) return;
    // The compiler uses its buffer again.
    this.#chunks.push(Uint8Array.from(bytes));
    this.#bytes += bytes.length;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8', 0, saidBytesMax);
  }
}
