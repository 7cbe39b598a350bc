import { Relais } from '@relais/sdk';
import { paintFor } from '../output/paint.js';
import { PlainProgress, type Progress, Spinner, silentProgress } from '../output/progress.js';
import { jsonLine } from '../output/safe-text.js';
import { readBounded } from './bounded-read.js';
import { wrongUse } from './failures.js';
import type { Input } from './input.js';
import type { Surroundings } from './surroundings.js';

const urlDefault = 'http://127.0.0.1:8080';
const columnsDefault = 80;
const timeoutMs = 120_000;

/** The process a user started, as commands see it. Throws wrong_use for a URL that is none. */
export function terminal(input: Input, interrupted: AbortSignal): Surroundings {
  const { env, stderr, stdout } = process;
  const url = checkedUrl(input.text('url') ?? (env.RELAIS_URL || urlDefault));
  const key = input.text('key') ?? (env.RELAIS_KEY || undefined);
  const json = input.flag('json');
  const isTerminal = stdout.isTTY === true;
  const paintError = paintFor(stderr.isTTY === true, env);
  return {
    client: new Relais({ url, timeoutMs, ...(key ? { key } : {}) }),
    url,
    key,
    json,
    isTerminal,
    columns: stdout.columns ?? columnsDefault,
    cwd: process.cwd(),
    paint: paintFor(isTerminal, env),
    paintError,
    interrupted,
    write: (text) => void stdout.write(text),
    drained: () => drained(stdout, interrupted),
    note: (line) => void stderr.write(`${line}\n`),
    progress(): Progress {
      if (json) return silentProgress;
      const write = (text: string) => void stderr.write(text);
      return stderr.isTTY ? new Spinner(write, paintError) : new PlainProgress(write);
    },
    readStdin: () => readBounded(process.stdin, 'standard input'),
    report(value, human) {
      stdout.write(json ? jsonLine({ ok: true, ...value }) : human());
    },
  };
}

function drained(stream: NodeJS.WriteStream, interrupted: AbortSignal): Promise<void> {
  if (!stream.writableNeedDrain || interrupted.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      interrupted.removeEventListener('abort', done);
      resolve();
    };
    stream.once('drain', done);
    interrupted.addEventListener('abort', done);
  });
}

function checkedUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
  throw wrongUse(`"${text}" is not a URL of a platform; it looks like ${urlDefault}.`);
}
