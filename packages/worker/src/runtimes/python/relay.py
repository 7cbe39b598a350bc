"""Leads what comes to a port of loopback to the socket behind which the network is, in a process beside the function's.

Standard library only, Python 3.9 or later.
"""
import asyncio
import contextlib
import os
import socket as sockets

CHUNK_BYTES = 64 * 1024


def start(port, socket):
    listener = sockets.create_server(("127.0.0.1", port), backlog=64)
    child = os.fork()
    if child == 0:
        # No child of the function's own, which may wait for its children.
        if os.fork() == 0:
            become_relay(listener, socket)
        os._exit(0)
    os.waitpid(child, 0)
    listener.close()


def become_relay(listener, path):
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in range(4):
            os.dup2(nothing, fd)
        asyncio.run(serve(listener, path))
    finally:
        os._exit(0)


async def serve(listener, path):
    async def lead(reader, writer):
        try:
            outer_reader, outer_writer = await asyncio.open_unix_connection(path)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, outer_writer), pump(outer_reader, writer))
        for end in (writer, outer_writer):
            end.close()

    async with await asyncio.start_server(lead, sock=listener) as server:
        await server.serve_forever()


async def pump(reader, writer):
    """Until one side has said all, or either is gone."""
    try:
        while True:
            chunk = await reader.read(CHUNK_BYTES)
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
    except OSError:
        with contextlib.suppress(OSError, RuntimeError):
            writer.transport.abort()
