import { type MetricFamily, parseFamilies } from '@relais/kit';

const lineBytesMax = 1024 * 1024;

/** Reads what a worker process tells of itself. It runs other people's code: what is too long or malformed is left out. */
export class FiguresReader {
  families: readonly MetricFamily[] = [];
  #chunks: Buffer[] = [];
  #bytes = 0;
  #skipping = false;

  push(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      this.#keep(rest.subarray(0, end));
      this.#endLine();
      rest = rest.subarray(end + 1);
    }
    this.#keep(rest);
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > lineBytesMax) this.#skipping = true;
    if (this.#skipping) this.#chunks = [];
    else if (part.length > 0) this.#chunks.push(part);
  }

  #endLine(): void {
    if (!this.#skipping) this.families = parsed(Buffer.concat(this.#chunks).toString()) ?? this.families;
    this.#chunks = [];
    this.#bytes = 0;
    this.#skipping = false;
  }
}

function parsed(line: string): MetricFamily[] | undefined {
  try {
    return parseFamilies(JSON.parse(line));
  } catch {
    return undefined;
  }
}
