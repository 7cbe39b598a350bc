import { resolve } from 'node:path';
import { RelaisError } from '@relais/sdk';
import { timingLine } from '../commands/invoke.js';
import type { Surroundings } from '../framework/surroundings.js';
import { complaint, complaintJson } from '../output/complaint.js';
import { safeText } from '../output/safe-text.js';
import { sourceLineIn } from '../output/source-lines.js';
import { durationText } from '../output/units.js';
import { type Prepared, prepare, type Wishes } from '../project/source.js';

/** What the function is called with after each build; undefined: it is not called. */
export type CallWith = () => Promise<{ readonly payload: string | Uint8Array | undefined } | undefined>;

/** One function that is built and called again and again. */
export class DevSession {
  readonly #path: string;
  readonly #wishes: Wishes;
  readonly #io: Surroundings;
  readonly #callWith: CallWith;
  #watched: readonly string[] = [];
  #base: string;

  constructor(path: string, wishes: Wishes, io: Surroundings, callWith: CallWith) {
    this.#path = path;
    this.#wishes = wishes;
    this.#io = io;
    this.#callWith = callWith;
    this.#base = io.cwd;
  }

  /**
   * Builds and calls once; resolves with the files whose change makes the next round. What the source does wrong is
   * shown and waited out; rejects for what no save can mend.
   */
  async round(): Promise<readonly string[]> {
    const io = this.#io;
    const beganMs = performance.now();
    try {
      const prepared = await prepare(this.#path, io.cwd, this.#wishes);
      this.#watched = prepared.watched;
      this.#base = prepared.base;
      await this.#deployAndCall(prepared, beganMs);
    } catch (thrown) {
      // A file that is not there at the start is mistyped; later an editor is replacing it.
      const isMistyped = RelaisError.is(thrown) && thrown.reason === 'no_such_file' && this.#watched.length === 0;
      if (!RelaisError.is(thrown) || !canBeMended(thrown) || isMistyped) throw thrown;
      // The file that was named may be all that is known of it yet.
      if (this.#watched.length === 0) this.#watched = [resolve(io.cwd, this.#path)];
      io.write(io.json ? complaintJson(thrown) : complaint(thrown, io.paint, sourceLineIn(this.#base)));
    }
    if (!io.json) io.note(io.paintError('dim', 'waiting for a change; Ctrl-C ends'));
    return this.#watched;
  }

  async #deployAndCall({ deployment }: Prepared, beganMs: number): Promise<void> {
    const io = this.#io;
    const options = { signal: io.interrupted };
    const { function: made } = await io.client.deploy(deployment, options);
    const deployedMs = performance.now() - beganMs;
    const what = `${io.paint('green', 'deployed')} ${io.paint('bold', `${made.name}@${made.version}`)}`;
    if (!io.json) io.write(`${what} in ${durationText(deployedMs)}\n`);
    const call = await this.#callWith();
    if (call === undefined) {
      if (io.json) io.report({ id: made.id, deployedMs }, () => '');
      return;
    }
    const answer = await io.client.invoke<string | Uint8Array>(made.id, call.payload, options);
    const totalMs = performance.now() - beganMs;
    io.report({ id: made.id, deployedMs, totalMs, ...answer, output: textOf(answer.output) }, () => {
      const logs = answer.logs ? `${io.paint('dim', safeText(answer.logs).trimEnd())}\n` : '';
      const output = safeText(textOf(answer.output));
      const total = io.paint('dim', `${durationText(totalMs)} in all; the call ${timingLine(answer)}`);
      return `${logs}${output}${output.endsWith('\n') ? '' : '\n'}${total}\n`;
    });
  }
}

/** Failures that the next save may end. */
function canBeMended({ code, reason }: RelaisError): boolean {
  return reason !== 'wrong_use' && reason !== 'bad_name' && mendable.has(code);
}

const mendable = new Set(['invalid_argument', 'aborted', 'deadline_exceeded', 'resource_exhausted']);

function textOf(output: string | Uint8Array): string {
  return typeof output === 'string' ? output : Buffer.from(output).toString('utf8');
}
