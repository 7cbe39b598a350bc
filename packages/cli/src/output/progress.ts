import type { Paint } from './paint.js';

/** What is going on while somebody waits. */
export interface Progress {
  /** Says what is being done now. */
  step(text: string): void;
  /** Wipes what is only true while waiting; must be called before anything else is written. */
  end(): void;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 80;

/** A spinner with the time that has passed, on one line of a terminal. */
export class Spinner implements Progress {
  readonly #write: (text: string) => void;
  readonly #paint: Paint;
  #timer: NodeJS.Timeout | undefined;
  #beganMs = 0;
  #text = '';
  #frame = 0;

  constructor(write: (text: string) => void, paint: Paint) {
    this.#write = write;
    this.#paint = paint;
  }

  step(text: string): void {
    this.#text = text;
    if (this.#timer) return;
    this.#beganMs = performance.now();
    this.#timer = setInterval(() => this.#draw(), frameMs);
    this.#timer.unref();
  }

  end(): void {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#write('\r\x1b[K');
  }

  #draw(): void {
    const mark = this.#paint('cyan', frames[this.#frame++ % frames.length] ?? '');
    const seconds = ((performance.now() - this.#beganMs) / 1000).toFixed(1);
    this.#write(`\r\x1b[K${mark} ${this.#text} ${this.#paint('dim', `${seconds} s`)}`);
  }
}

/** One line for each step, where there is no terminal. */
export class PlainProgress implements Progress {
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  step(text: string): void {
    this.#write(`${text} ...\n`);
  }

  end(): void {
    // Every line stands for itself.
  }
}

/** For output that a program reads. */
export const silentProgress: Progress = { step: () => undefined, end: () => undefined };
