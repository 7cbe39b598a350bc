import { systemClock } from '@relais/kit';
import { ClangCompiler } from '../../runtimes/c/clang-compiler.js';
import { noSandbox } from '../../sandbox/none.js';

const budgetMs = 80_000;

/** Compiles C for tests, each source once. Close it in afterAll. */
export class CModules {
  readonly #compiler = new ClangCompiler(systemClock, budgetMs, noSandbox);
  readonly #modules = new Map<string, Promise<Uint8Array>>();

  compile(source: string, flags: readonly string[] = ['-O2']): Promise<Uint8Array> {
    const key = JSON.stringify([source, flags]);
    const known = this.#modules.get(key) ?? this.#compile(source, flags);
    this.#modules.set(key, known);
    return known;
  }

  close(): Promise<void> {
    return this.#compiler.close();
  }

  async #compile(source: string, flags: readonly string[]): Promise<Uint8Array> {
    const { module, said } = await this.#compiler.compile(
      { files: new Map([['main.c', Buffer.from(source)]]), sources: ['main.c'], flags },
      budgetMs,
    );
    if (!module) throw new Error(`the test's C does not compile: ${said}`);
    return module;
  }
}
