"""Runs in the user's process. Waits on file descriptor 3 for a function, then serves its calls one after the other.

Standard library only, Python 3.9 or later.
"""
import atexit
import base64
import contextlib
import gc
import importlib
import json
import linecache
import os
import struct
import sys
import time
import traceback
import types

CHANNEL = 3
MESSAGE_CHARS_MAX = 2048
STACK_CHARS_MAX = 8192
HTTP_HEADER_CHARS_MAX = 64 * 1024
PREFIX = struct.Struct("<II")
SHIM = __file__
# Whose frames are no business of the user.
OWN_FILES = {SHIM}

# Where this interpreter has its library and its packages, each with a slash at the end; what lies deepest first.
LIBRARY_PREFIXES = sorted(
    {os.path.join(path, "") for path in [os.path.dirname(os.__file__), *sys.path] if os.path.isdir(path)},
    key=len,
    reverse=True,
)

# Where the function's files lie, with a slash at the end; empty for a plain source.
own_prefix = ""


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
        self.attempt = header["attempt"]
        self.http = http_of(header["http"]) if "http" in header else None
        self._end = time.monotonic() + header["remainingMs"] / 1000

    def getRemainingTimeMs(self):
        return max(0.0, (self._end - time.monotonic()) * 1000)

    get_remaining_time_ms = getRemainingTimeMs

    @property
    def logger(self):
        return function_logger()


def http_of(request):
    headers = {}
    for header in request["headers"]:
        name, value = header["name"], header["value"]
        separator = "; " if name == "cookie" else ", "
        headers[name] = headers[name] + separator + value if name in headers else value
    return types.SimpleNamespace(
        method=request["method"], path=request["path"], query=request["query"], headers=headers
    )


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


def refuse_constant(name):
    raise ValueError(name + " is not JSON")


def event_of(payload):
    """What is not JSON is text, what is not text is bytes, nothing at all is None."""
    if not payload:
        return None
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return payload
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return text


def bytes_of(value, bytes_max):
    if hasattr(value, "__aiter__"):
        import asyncio

        return asyncio.run(join_async(value, bytes_max))
    if hasattr(value, "__next__"):
        return join(map(chunk_bytes, value), bytes_max)
    return chunk_bytes(value)


def join(chunks, bytes_max):
    whole = bytearray()
    for chunk in chunks:
        whole += chunk
        if len(whole) > bytes_max:
            break
    return bytes(whole)


async def join_async(values, bytes_max):
    whole = bytearray()
    async for value in values:
        whole += chunk_bytes(value)
        if len(whole) > bytes_max:
            break
    return bytes(whole)


def chunk_bytes(value):
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A lone surrogate becomes the escape that JSON has for it.
    return text.encode("utf-8", "backslashreplace")


def is_response(value):
    return isinstance(value, dict) and type(value.get("statusCode")) is int


def body_of(response):
    body = response.get("body")
    return from_base64(body) if response.get("isBase64Encoded") else body


def from_base64(body):
    """Either alphabet, padded or not, spaces ignored."""
    digits = chunk_bytes(body).translate(bytes.maketrans(b"-_", b"+/"), b" \t\r\n").rstrip(b"=")
    try:
        return base64.b64decode(digits + b"=" * (-len(digits) % 4), validate=True)
    except ValueError:
        raise ValueError("the body of the response is not base64, as isBase64Encoded says") from None


def headers_of(response):
    pairs = []
    for name, value in (response.get("headers") or {}).items():
        for single in value if isinstance(value, (list, tuple)) else [value]:
            pairs.append([str(name), str(single)])
    chars = sum(len(name) + len(value) for name, value in pairs)
    if chars > HTTP_HEADER_CHARS_MAX:
        raise ValueError("response headers of %d characters" % chars)
    return pairs


def own_paths(text):
    """Shows the function's files and the library's under their own paths, and this file under no path at all."""
    text = (text.replace(own_prefix, "") if own_prefix else text).replace(SHIM, "relais")
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
        value = self.function(event_of(payload), Context(self.facts, header))
        if hasattr(value, "__await__"):
            import asyncio

            value = asyncio.run(awaited(value))
        reply = {"type": "result", "call": header["call"]}
        if "http" in header and is_response(value):
            reply["http"] = {"status": value["statusCode"], "headers": headers_of(value)}
            value = body_of(value)
        output = bytes_of(value, self.output_bytes_max)
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
        else:
            call(handler, header, payload)


def serve_until_closed():
    try:
        main()
    except Closed:
        os._exit(0)


if __name__ == "__main__":
    serve_until_closed()
