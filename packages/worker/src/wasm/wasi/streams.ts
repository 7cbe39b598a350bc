import { RelaisError } from '@relais/kit/base';
import { Errno } from './errno.js';
import type { GuestMemory } from './guest-memory.js';
import type { WasiCall } from './wasi-call.js';

type Fn = (...args: number[]) => Errno;

const ioVectorsMax = 1024;
const ioVectorBytes = 8;
// A pipe has no file type in preview 1; "unknown" keeps isatty() false, so that standard output is block-buffered.
const fileTypeUnknown = 0;
const rights = { read: 1n << 1n, write: 1n << 6n, filestat: 1n << 21n, poll: 1n << 27n };

/** Standard input is the payload, standard output the output, standard error the logs. There is nothing else. */
export function streamFunctions(call: WasiCall, memory: GuestMemory, outputBytesMax: number): Record<string, Fn> {
  const write = (fd: number, pointer: number, length: number): void => {
    if (fd === 2) call.logs.append(memory.bytes, pointer, length);
    else if (!call.output.append(memory.bytes, pointer, length)) call.stop(outputLimit(call, outputBytesMax));
  };

  return {
    fd_write(fd, iovs, count, writtenPtr) {
      const stream = fd >>> 0;
      if (!call.isOpen(stream) || stream === 0) return Errno.badf;
      const checked = checkVectors(memory, iovs >>> 0, count >>> 0);
      if (checked !== Errno.success) return checked;
      if (!memory.inRange(writtenPtr >>> 0, 4)) return Errno.fault;
      let written = 0;
      for (let at = iovs >>> 0, left = count >>> 0; left > 0; left -= 1, at += ioVectorBytes) {
        const length = memory.u32(at + 4);
        write(stream, memory.u32(at), length);
        written += length;
      }
      memory.setU32(writtenPtr >>> 0, written);
      return Errno.success;
    },

    fd_read(fd, iovs, count, readPtr) {
      const stream = fd >>> 0;
      if (!call.isOpen(stream) || stream !== 0) return Errno.badf;
      const checked = checkVectors(memory, iovs >>> 0, count >>> 0);
      if (checked !== Errno.success) return checked;
      if (!memory.inRange(readPtr >>> 0, 4)) return Errno.fault;
      const { payload } = call.input;
      let read = 0;
      for (let at = iovs >>> 0, left = count >>> 0; left > 0; left -= 1, at += ioVectorBytes) {
        const length = Math.min(memory.u32(at + 4), payload.length - call.payloadOffset);
        if (length === 0) continue;
        memory.bytes.set(payload.subarray(call.payloadOffset, call.payloadOffset + length), memory.u32(at));
        call.payloadOffset += length;
        read += length;
      }
      memory.setU32(readPtr >>> 0, read);
      return Errno.success;
    },

    fd_close(fd) {
      const stream = fd >>> 0;
      if (!call.isOpen(stream)) return Errno.badf;
      call.closedStreams |= 1 << stream;
      return Errno.success;
    },

    fd_fdstat_get(fd, statPtr) {
      const stream = fd >>> 0;
      const at = statPtr >>> 0;
      if (!call.isOpen(stream)) return Errno.badf;
      if (!memory.inRange(at, 24)) return Errno.fault;
      memory.zero(at, 24);
      memory.setU8(at, fileTypeUnknown);
      memory.setU64(at + 8, (stream === 0 ? rights.read : rights.write) | rights.filestat | rights.poll);
      return Errno.success;
    },

    fd_fdstat_set_flags(fd, flags) {
      if (!call.isOpen(fd >>> 0)) return Errno.badf;
      // Append and non-blocking change nothing here; the others make no sense on a pipe.
      return (flags & ~0b101) === 0 ? Errno.success : Errno.inval;
    },

    fd_filestat_get(fd, statPtr) {
      const at = statPtr >>> 0;
      if (!call.isOpen(fd >>> 0)) return Errno.badf;
      if (!memory.inRange(at, 64)) return Errno.fault;
      memory.zero(at, 64);
      memory.setU8(at + 16, fileTypeUnknown);
      memory.setU64(at + 24, 1n);
      return Errno.success;
    },
  };
}

/** Checks a whole vector before a byte moves, so that a bad pointer has no half effect. */
function checkVectors(memory: GuestMemory, iovs: number, count: number): Errno {
  if (count > ioVectorsMax) return Errno.inval;
  if (!memory.inRange(iovs, count * ioVectorBytes)) return Errno.fault;
  for (let at = iovs, left = count; left > 0; left -= 1, at += ioVectorBytes) {
    if (!memory.inRange(memory.u32(at), memory.u32(at + 4))) return Errno.fault;
  }
  return Errno.success;
}

function outputLimit(call: WasiCall, outputBytesMax: number): { kind: 'failure'; error: RelaisError } {
  const limit = { name: 'outputBytesMax', limit: outputBytesMax, used: call.output.offered };
  const message = `The function wrote more than ${outputBytesMax} bytes of output. Return less, or store it elsewhere.`;
  return { kind: 'failure', error: new RelaisError('aborted', message, { reason: 'output_limit', limit }) };
}
