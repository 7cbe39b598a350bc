import type { Duplex, Readable } from 'node:stream';
import type { Clock } from '@relais/kit';
import type { Scratch } from './scratch.js';

export interface ProcessStreams {
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly channel: Duplex | undefined;
}

/** How long output is still read after the end when something that left the process group holds it open. */
const lingerMs = 250;

/**
 * To be called when a process begins: keeps the errors of its streams from anybody. The function it returns, called when
 * the process has ended, reads what it had printed, closes its streams and removes its directory.
 */
export function endingOf(streams: ProcessStreams, scratch: Scratch, clock: Clock): () => Promise<void> {
  const { stdout, stderr, channel } = streams;
  // A stream of a dying process may fail in many ways; its end is what counts.
  for (const stream of [stdout, stderr, channel]) stream?.on('error', () => {});
  const outputs = Promise.all([closing(stdout), closing(stderr)]);
  return async () => {
    let forget = () => {};
    const lingered = new Promise<void>((resolve) => {
      forget = clock.after(lingerMs, resolve);
    });
    await Promise.race([outputs, lingered]);
    forget();
    for (const stream of [stdout, stderr, channel]) stream?.destroy();
    await scratch.remove();
  };
}

function closing(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once('close', resolve));
}
