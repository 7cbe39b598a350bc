import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from './role-process.js';

const main = join(repositoryRoot, 'packages/cli/dist/main.js');

/** What one `relais` command did. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is started. */
export interface CommandSetting {
  readonly cwd: string;
  /** Beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
}

function started(args: readonly string[], { cwd, env }: CommandSetting) {
  const { HOME, PATH } = process.env;
  return spawn(process.execPath, [main, ...args], { cwd, env: { HOME, PATH, ...env }, stdio: 'pipe' });
}

/** Runs the real command to its end. */
export function runRelais(args: readonly string[], setting: CommandSetting): Promise<CommandResult> {
  const child = started(args, setting);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(setting.stdin ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A line that is waited for comes within this; less than a test may take, so that it can tell what it waited for. */
const silenceMsMax = 15_000;

/** A command that runs on and writes one JSON object a line. */
export class LiveCommand {
  readonly #child: ReturnType<typeof started>;
  readonly #lines: AsyncIterableIterator<string>;
  readonly #ended: Promise<number | null>;
  #stderr = '';
  #newest = '';

  constructor(args: readonly string[], setting: CommandSetting) {
    this.#child = started(args, setting);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line; rejects when there is none any more, or none comes. */
  async next(): Promise<Record<string, unknown>> {
    const { promise: silence, reject } = Promise.withResolvers<never>();
    const said = () =>
      `after ${JSON.stringify(this.#newest)} and, on its standard error, ${JSON.stringify(this.#stderr)}`;
    const timer = setTimeout(() => reject(new Error(`the command says nothing ${said()}`)), silenceMsMax);
    const { done, value } = await Promise.race([this.#lines.next(), silence]).finally(() => clearTimeout(timer));
    if (done) throw new Error(`the command has ended ${said()}`);
    this.#newest = value;
    return JSON.parse(value);
  }

  /** Ctrl-C; resolves with the exit code. */
  stop(): Promise<number | null> {
    this.#child.kill('SIGINT');
    return this.#ended;
  }

  /** Its output is read no further; resolves with how it ends. */
  async unread(): Promise<{ readonly code: number | null; readonly stderr: string }> {
    this.#child.stdout.destroy();
    const code = await this.#ended;
    return { code, stderr: this.#stderr };
  }
}
