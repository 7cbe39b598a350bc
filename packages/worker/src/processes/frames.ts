/**
 * A frame: two little-endian u32 lengths, a JSON header, a binary payload. Both directions of a frame channel speak it.
 */
export interface Frame {
  /** As parsed; what it holds is not to be trusted. */
  readonly header: unknown;
  /** Length of its JSON. */
  readonly headerBytes: number;
  readonly payload: Buffer;
}

/** Why a stream is no longer readable as frames. */
export type FrameViolation =
  | { readonly kind: 'payload_too_large'; readonly bytes: number }
  | { readonly kind: 'malformed'; readonly what: string };

const prefixBytes = 8;
/** Header of one frame. Room for a stack of 8 KiB with every character escaped. */
export const headerBytesMax = 128 * 1024;

/** The bytes of a frame; the payload is not copied. */
export function encodeFrame(header: object, payload: Uint8Array): [Buffer, Uint8Array] {
  const json = JSON.stringify(header);
  const headerBytes = Buffer.byteLength(json);
  const head = Buffer.allocUnsafe(prefixBytes + headerBytes);
  head.writeUInt32LE(headerBytes, 0);
  head.writeUInt32LE(payload.length, 4);
  head.write(json, prefixBytes);
  return [head, payload];
}

export interface FrameReaderOptions {
  /** A frame that announces more ends the reading. */
  readonly payloadBytesMax: number;
  readonly onFrame: (frame: Frame) => void;
  /** Called at most once; nothing is read after it. */
  readonly onViolation: (violation: FrameViolation) => void;
}

/** Cuts a byte stream of an untrusted process into frames. Holds at most one frame, whose size is bounded. */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  /** Bytes of the frame being read, prefix included; the prefix alone while that is not known. */
  #neededBytes = prefixBytes;
  #ended = false;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    if (this.#ended) return;
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    while (!this.#ended && this.#bufferedBytes >= this.#neededBytes) this.#advance();
  }

  /** Reads nothing more. */
  end(): void {
    this.#ended = true;
    this.#chunks = [];
  }

  #advance(): void {
    const buffered = this.#joined();
    const headerBytes = buffered.readUInt32LE(0);
    const payloadBytes = buffered.readUInt32LE(4);
    const frameBytes = prefixBytes + headerBytes + payloadBytes;
    const violation = this.#violationOf(headerBytes, payloadBytes);
    if (violation) this.#fail(violation);
    else if (this.#bufferedBytes < frameBytes) this.#neededBytes = frameBytes;
    else {
      const payloadAt = prefixBytes + headerBytes;
      this.#keep(buffered.subarray(frameBytes));
      const json = buffered.toString('utf8', prefixBytes, payloadAt);
      this.#deliver(json, headerBytes, buffered.subarray(payloadAt, frameBytes));
    }
  }

  #violationOf(headerBytes: number, payloadBytes: number): FrameViolation | undefined {
    if (headerBytes > headerBytesMax) return { kind: 'malformed', what: `a header of ${headerBytes} bytes` };
    return payloadBytes > this.#options.payloadBytesMax
      ? { kind: 'payload_too_large', bytes: payloadBytes }
      : undefined;
  }

  #deliver(json: string, headerBytes: number, payload: Buffer): void {
    let header: unknown;
    try {
      header = JSON.parse(json);
    } catch {
      this.#fail({ kind: 'malformed', what: 'a header that is not JSON' });
      return;
    }
    this.#options.onFrame({ header, headerBytes, payload });
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    if (first && this.#chunks.length === 1) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bufferedBytes = rest.length;
    this.#neededBytes = prefixBytes;
  }

  #fail(violation: FrameViolation): void {
    this.end();
    this.#options.onViolation(violation);
  }
}
