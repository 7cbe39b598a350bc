"""Runs in the user's process. Waits on file descriptor 3 for a function, then serves its calls one after the other.

Standard library only, Python 3.9 or later.
"""
import atexit
import contextlib
import gc
import importlib
import importlib.util
import json
import linecache
import os
import struct
import sys
import time
import traceback
import types
from _thread import allocate_lock

CHANNEL = 3
MESSAGE_CHARS_MAX = 2048
STACK_CHARS_MAX = 8192
PART_BYTES_MAX = 64 * 1024
# What a part uses up of the credit beside its bytes.
PART_OVERHEAD_BYTES = 128
PREFIX = struct.Struct("<II")
SHIM = __file__
# Whose frames are no business of the user.
OWN_FILES = {SHIM}
# Threads of the user's code send their spans beside the answer.
sending = allocate_lock()

# Where this interpreter has its library and its packages, each with a slash at the end; what lies deepest first.
LIBRARY_PREFIXES = sorted(
    {os.path.join(path, "") for path in [os.path.dirname(os.__file__), *sys.path] if os.path.isdir(path)},
    key=len,
    reverse=True,
)

# Where the function's files lie, with a slash at the end; empty for a plain source.
own_prefix = ""


def load_own(name):
    path = os.path.join(os.path.dirname(__file__), name + ".py")
    OWN_FILES.add(path)
    # Under no name that a function could mean.
    spec = importlib.util.spec_from_file_location("relais_" + name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


relay = load_own("relay")
spans = load_own("spans")
values = load_own("values")


class Closed(Exception):
    """The other side is gone."""


def read_exactly(count):
    chunks = []
    while count > 0:
        chunk = os.read(CHANNEL, min(count, 1 << 20))
        if not chunk:
            raise Closed
        chunks.append(chunk)
        count -= len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def read_frame():
    header_bytes, payload_bytes = PREFIX.unpack(read_exactly(PREFIX.size))
    return json.loads(read_exactly(header_bytes)), read_exactly(payload_bytes)


def send(header, payload=b""):
    head = json.dumps(header).encode()
    rest = memoryview(PREFIX.pack(len(head), len(payload)) + head + payload)
    with sending:
        while rest:
            rest = rest[os.write(CHANNEL, rest):]


class Context:
    """What a handler is told of the call it serves."""

    def __init__(self, facts, header):
        self.invocationId = header["invocationId"]
        self.functionName = facts["name"]
        self.functionId = facts["id"]
        self.version = facts["version"]
        self.deadlineMs = header["deadlineMs"]
        self.traceparent = header["traceparent"]
        self.tracestate = header.get("tracestate")
        self.attempt = header["attempt"]
        self.http = values.http_of(header["http"]) if "http" in header else None
        self._end = time.monotonic() + header["remainingMs"] / 1000
        self._spans = spans.Spans(header, send)

    def getRemainingTimeMs(self):
        return max(0.0, (self._end - time.monotonic()) * 1000)

    get_remaining_time_ms = getRemainingTimeMs

    def span(self, name, attributes=None):
        return self._spans.span(name, attributes)

    @property
    def logger(self):
        return function_logger()


def function_logger():
    import logging

    logger = logging.getLogger("relais")
    if not logger.handlers:
        to_stderr = logging.StreamHandler()
        to_stderr.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        logger.addHandler(to_stderr)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    return logger


class Parts:
    """The output of a call on its way while it runs, within the credit the other side gives."""

    def __init__(self, call, window_bytes):
        self.call = call
        self.credit = window_bytes
        # So that there is credit for a part while some of what was used up has not been given back.
        self.bytes_max = min(PART_BYTES_MAX, window_bytes // 2 - PART_OVERHEAD_BYTES)

    def send_all(self, chunks, http):
        if http:
            self.send(b"", http)
        if hasattr(chunks, "__aiter__"):
            import asyncio

            return asyncio.run(self.send_async(chunks))
        for value in chunks:
            for part in self.cut(value):
                while self.lacks(part):
                    self.take_credit()
                self.send(part)

    async def send_async(self, chunks):
        import asyncio

        async for value in chunks:
            for part in self.cut(value):
                while self.lacks(part):
                    # The function's own tasks go on meanwhile.
                    await asyncio.get_running_loop().run_in_executor(None, self.take_credit)
                self.send(part)

    def cut(self, value):
        whole = values.chunk_bytes(value)
        return (whole[at:at + self.bytes_max] for at in range(0, len(whole), self.bytes_max))

    def lacks(self, part):
        return self.credit < len(part) + PART_OVERHEAD_BYTES

    def take_credit(self):
        header, _ = read_frame()
        if header["call"] == self.call:
            self.credit += header["bytes"]

    def send(self, part, http=None):
        self.credit -= len(part) + PART_OVERHEAD_BYTES
        send({"type": "part", "call": self.call, **({"http": http} if http else {})}, part)


def own_paths(text):
    """Shows the function's files and the library's under their own paths, and this file under no path at all."""
    text = text.replace(own_prefix, "") if own_prefix else text
    for file in OWN_FILES:
        text = text.replace(file, "relais")
    for prefix in LIBRARY_PREFIXES:
        text = text.replace('File "' + prefix, 'File "')
    return text


def own_frames(trace):
    """A traceback without our own frames, which are the first."""
    while trace and trace.tb_frame.f_code.co_filename in OWN_FILES:
        trace = trace.tb_next
    return trace


def describe(error):
    try:
        stack = "".join(traceback.format_exception(type(error), error, own_frames(error.__traceback__)))
        message = str(error)
    except Exception:
        stack, message = "", "an exception that cannot be described"
    return {
        "name": type(error).__name__[:256],
        "message": own_paths(message)[:MESSAGE_CHARS_MAX],
        "stack": own_paths(stack)[-STACK_CHARS_MAX:],
    }


def prepare(header, source, name):
    """Sets the environment; the function's module, not yet executed, and the code that does it."""
    os.environ.update(header["env"])
    if "egress" in header:
        relay.start(**header["egress"])
    if "TZ" in header["env"]:
        time.tzset()
    if "directory" in header:
        return prepare_files(header["directory"], header["filename"], name)
    filename = os.path.basename(header["filename"])
    # So that stack traces show its lines, though they are in no file.
    lines = source.decode("utf-8", "replace").splitlines(True)
    linecache.cache[filename] = (len(source), None, lines, filename)
    return new_module(name or "function", filename, None), compile(source, filename, "exec", dont_inherit=True)


def prepare_files(directory, entry, name):
    """What lies beside the entry and what lies in the directory can be imported, as with `python ENTRY` run there."""
    global own_prefix
    own_prefix = directory + "/"
    os.chdir(directory)
    path = os.path.join(directory, entry)
    home, package = os.path.dirname(path), []
    while home != directory and os.path.exists(os.path.join(home, "__init__.py")):
        home, folder = os.path.split(home)
        package.insert(0, folder)
    sys.path[:0] = dict.fromkeys([home, directory])
    if package:
        importlib.import_module(".".join(package))
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    stem = os.path.splitext(os.path.basename(path))[0]
    return new_module(name or ".".join([*package, stem]), path, ".".join(package) or None), code


def new_module(name, filename, package):
    sys.argv = [filename]
    module = types.ModuleType(name)
    module.__file__ = filename
    module.__package__ = package
    sys.modules[name] = module
    return module


class Handler:
    def __init__(self, header, source):
        module, code = prepare(header, source, None)
        exec(code, module.__dict__)
        self.function = getattr(module, "handler", None)
        if not callable(self.function):
            raise TypeError("the source defines no function named handler")
        self.facts = header["function"]
        self.output_bytes_max = header["outputBytesMax"]

    def answer(self, header, payload):
        value = self.function(values.event_of(payload), Context(self.facts, header))
        if hasattr(value, "__await__"):
            import asyncio

            value = asyncio.run(awaited(value))
        reply = {"type": "result", "call": header["call"]}
        http = None
        if "http" in header and values.is_response(value):
            http = {"status": value["statusCode"], "headers": values.headers_of(value)}
            value = values.body_of(value)
        if "windowBytes" in header and values.is_stream(value):
            Parts(header["call"], header["windowBytes"]).send_all(value, http)
            return reply, b""
        if http:
            reply["http"] = http
        output = values.bytes_of(value, self.output_bytes_max)
        if len(output) > self.output_bytes_max:
            return {"type": "overflow", "call": header["call"], "bytes": len(output)}, b""
        return reply, output


async def awaited(value):
    return await value


def load(header, source):
    try:
        handler = Handler(header, source)
    except SystemExit:
        raise
    except BaseException as error:
        send({"type": "failed", "error": describe(error)})
        return None
    send({"type": "ready"})
    return handler


def call(handler, header, payload):
    try:
        reply, output = handler.answer(header, payload)
    except SystemExit:
        raise
    except BaseException as error:
        reply, output = {"type": "error", "call": header["call"], "error": describe(error)}, b""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
        sys.stderr.flush()
    send(reply, output)


def run_program(header, source):
    code = 1
    try:
        module, compiled = prepare(header, source, "__main__")
        exec(compiled, module.__dict__)
        code = 0
    except SystemExit as exit:
        code = exit_code(exit)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    end_program(code)


def exit_code(exit):
    if exit.code is None:
        return 0
    if isinstance(exit.code, int):
        return exit.code & 0xFF
    print(exit.code, file=sys.stderr)
    return 1


def end_program(code):
    """Does what is seen of an interpreter's end and leaves out that it takes itself apart, which may take 20 ms."""
    if "threading" in sys.modules:
        sys.modules["threading"]._shutdown()
    atexit._run_exitfuncs()
    names = sys.modules["__main__"].__dict__
    for name in [name for name in names if not name.startswith("__")]:
        names[name] = None
    gc.collect()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not getattr(stream, "closed", False):
                stream.flush()
        except Exception:
            code = code or 120
    os._exit(code)


def print_without_shim(kind, error, trace):
    sys.stderr.write(own_paths("".join(traceback.format_exception(kind, error, own_frames(trace)))))


def main():
    os.set_inheritable(CHANNEL, False)
    sys.excepthook = print_without_shim
    handler = None
    while True:
        header, payload = read_frame()
        if header["type"] == "run":
            return run_program(header, payload)
        if header["type"] == "load":
            handler = load(header, payload)
        elif header["type"] == "call":
            call(handler, header, payload)
        # Anything else is credit that came too late: its call has ended.


def serve_until_closed():
    try:
        main()
    except Closed:
        os._exit(0)


if __name__ == "__main__":
    serve_until_closed()
