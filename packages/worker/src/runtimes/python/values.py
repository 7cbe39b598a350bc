"""What goes into a handler and what comes out of it."""
import base64
import json
import types

HTTP_HEADER_CHARS_MAX = 64 * 1024


def http_of(request):
    headers = {}
    for header in request["headers"]:
        name, value = header["name"], header["value"]
        separator = "; " if name == "cookie" else ", "
        headers[name] = headers[name] + separator + value if name in headers else value
    return types.SimpleNamespace(
        method=request["method"], path=request["path"], query=request["query"], headers=headers
    )


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


def is_stream(value):
    return hasattr(value, "__aiter__") or hasattr(value, "__next__")


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


async def join_async(chunks, bytes_max):
    whole = bytearray()
    async for value in chunks:
        whole += chunk_bytes(value)
        if len(whole) > bytes_max:
            break
    return bytes(whole)


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
