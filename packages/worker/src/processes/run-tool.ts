import { type Clock, RelaisError } from '@relais/kit';
import type { LaunchSpec, ProcessExit, ProcessLauncher } from './process-launcher.js';

export interface ToolRun extends Omit<LaunchSpec, 'channel'> {
  /** Beyond it the tool is killed. */
  readonly budgetMs: number;
  /** Kept of each output stream; the rest is dropped. */
  readonly outputBytesMax: number;
  /** Kills the tool when aborted. */
  readonly signal?: AbortSignal | undefined;
}

export interface ToolResult {
  readonly exit: ProcessExit;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a tool to its end: a compiler, a linter, a question to an interpreter. Rejects with deadline_exceeded when it takes
 * longer than its budget, with unavailable when it cannot be started, and with its signal's reason once that has ended it.
 */
export async function runTool(launcher: ProcessLauncher, clock: Clock, run: ToolRun): Promise<ToolResult> {
  run.signal?.throwIfAborted();
  const process = await launcher.launch({ cpuSecondsMax: cpuSecondsFor(run), ...run, channel: false });
  const stdout = collect(process.stdout, run.outputBytesMax);
  const stderr = collect(process.stderr, run.outputBytesMax);
  let late = false;
  const forget = clock.after(run.budgetMs, () => {
    late = true;
    process.kill();
  });
  const kill = () => process.kill();
  run.signal?.addEventListener('abort', kill);
  if (run.signal?.aborted) kill();
  const exit = await process.closed;
  run.signal?.removeEventListener('abort', kill);
  forget();
  run.signal?.throwIfAborted();
  if (late) {
    throw new RelaisError(
      'deadline_exceeded',
      `Building did not end within ${Math.round(run.budgetMs)} ms and was stopped.`,
      {
        reason: 'build_timeout',
        component: 'worker',
      },
    );
  }
  return { exit, stdout: stdout(), stderr: stderr() };
}

/** As much CPU time as one core gives a tool in its budget; each process of it may have as much. */
export function cpuSecondsFor({ budgetMs }: Pick<ToolRun, 'budgetMs'>): number {
  return Math.ceil(budgetMs / 1000);
}

function collect(stream: NodeJS.ReadableStream, bytesMax: number): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, bytesMax - bytes);
    bytes += kept.length;
    if (kept.length > 0) chunks.push(kept);
  });
  return () => Buffer.concat(chunks).toString();
}
