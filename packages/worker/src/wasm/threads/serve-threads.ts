import type { Duplex } from 'node:stream';
import type { Program } from '../program.js';
import { webAssembly } from '../webassembly.js';
import type { HostedThread, ThreadHost } from './thread-host.js';
import { type FromThreads, ThreadWire, type ToThreads } from './thread-wire.js';

/** The other end of RemoteThreads: has its threads on a host of this process, until the stream ends. */
export function serveThreads(stream: Duplex, host: ThreadHost, closed: () => void): void {
  const threads = new Map<number, HostedThread>();
  const programs = new Map<number, Promise<Program>>();
  const wire = new ThreadWire<FromThreads, ToThreads>(stream, received, closed);

  function received(message: ToThreads): void {
    switch (message.type) {
      case 'start':
        start(message.thread);
        break;
      case 'program':
        programs.set(message.id, compiled(message));
        break;
      case 'forget':
        programs.delete(message.id);
        break;
      case 'begin':
        void begin(message);
        break;
      case 'grant':
        threads.get(message.thread)?.grant(message.bytes);
        break;
      case 'end':
        threads.get(message.thread)?.end();
        break;
    }
  }

  function start(thread: number): void {
    const hosted = host.start({
      part: (data) => wire.send({ type: 'part', thread, data }),
      end: (end) => wire.send({ type: 'ended', thread, end }),
      gone: (cause) => {
        threads.delete(thread);
        wire.send({ type: 'gone', thread, cause: String(cause ?? '') });
      },
    });
    threads.set(thread, hosted);
  }

  async function begin({ call, program, thread }: Extract<ToThreads, { type: 'begin' }>): Promise<void> {
    try {
      const known = await programs.get(program);
      if (!known) throw new Error('no such program');
      threads.get(thread)?.begin({ ...call, program: known });
    } catch {
      // It has been compiled before, so there is no memory left for it here.
      threads.get(thread)?.end();
    }
  }
}

function compiled({ bytes, program }: Extract<ToThreads, { type: 'program' }>): Promise<Program> {
  const compiling = webAssembly.compile(bytes).then((module): Program => ({ ...program, module }));
  // Told by who wants it.
  compiling.catch(() => {});
  return compiling;
}
