// The compiler process: LLVM runs here as WebAssembly over a file system of its own, one program at a time.
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

async function compile({ files, sources, flags }: CompileRequest): Promise<CompileReply> {
  const said = new Said();
  const collect = (bytes: Uint8Array | null) => said.add(bytes);
  try {
    const made = await commands.clang([...flags, '-o', outputName, ...sources.map(asArgument)], treeOf(files), {
      stdout: collect,
      stderr: collect,
      fetchProgress: () => {},
    });
    const module = made?.[outputName];
    return module instanceof Uint8Array ? { module, said: said.text() } : { said: said.text() };
  } catch (error) {
    if (error instanceof Exit) return { said: said.text() };
    // LLVM itself gave up; its message comes first, the reason after it.
    return { said: `${said.text()}\nerror: the compiler gave up: ${String(error)}` };
  }
}

interface Tree {
  [name: string]: Tree | Uint8Array;
}

function treeOf(files: ReadonlyMap<string, Uint8Array>): Tree {
  const root: Tree = Object.create(null);
  for (const [path, content] of files) {
    const names = path.split('/');
    const last = names.pop() ?? '';
    let directory = root;
    for (const name of names) {
      directory[name] ??= Object.create(null) as Tree;
      directory = directory[name] as Tree;
    }
    directory[last] = content;
  }
  return root;
}

/** A file name must not be taken for an option or a response file. */
function asArgument(path: string): string {
  return /^[-@]/.test(path) ? `./${path}` : path;
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
