"""The part of the shim that times what user code wants timed."""
import contextlib
import contextvars
import itertools
import os
import time

SPANS_MAX = 100
ATTRIBUTES_MAX = 16
TEXT_CHARS_MAX = 256
NUMBER_MAX = 1.7e308

# The call and the span that surround what runs now, of those that user code made.
surrounding = contextvars.ContextVar("relais_span", default=(0, ""))


class Spans:
    """Makes the spans of one call."""

    def __init__(self, header, send):
        self.call = header["call"]
        self.root = header["traceparent"][36:52]
        self.began = time.monotonic()
        self.send = send
        self.left = SPANS_MAX if int(header["traceparent"][-2:] or "0", 16) & 1 else 0

    def span(self, name, attributes):
        if self.left <= 0:
            return contextlib.nullcontext()
        self.left -= 1
        return Span(self, str(name)[:TEXT_CHARS_MAX], attributes or {})

    def offset_ms(self):
        return (time.monotonic() - self.began) * 1000


class Span:
    """Times what runs within it, under the span around it."""

    def __init__(self, spans, name, attributes):
        self.spans = spans
        self.attributes = attributes
        self.told = {"spanId": os.urandom(8).hex(), "name": name}

    def __enter__(self):
        self.around = surrounding.get()
        call, parent = self.around
        self.told["parentSpanId"] = parent if call == self.spans.call else self.spans.root
        surrounding.set((self.spans.call, self.told["spanId"]))
        self.told["offsetMs"] = self.spans.offset_ms()

    def __exit__(self, kind, error, trace):
        duration_ms = self.spans.offset_ms() - self.told["offsetMs"]
        # Not by a token: a generator may be closed in another context than it began in.
        surrounding.set(self.around)
        failed = kind is not None and not issubclass(kind, GeneratorExit)
        ended = {"durationMs": duration_ms, "failed": failed, "attributes": attributes_of(self.attributes)}
        self.spans.send({"type": "span", "call": self.spans.call, "span": {**self.told, **ended}})
        return False


def attributes_of(given):
    """Those of the first that can be told: texts, numbers and truth values."""
    told = {}
    for name, value in itertools.islice(given.items(), ATTRIBUTES_MAX):
        if isinstance(value, str):
            told[str(name)[:TEXT_CHARS_MAX]] = value[:TEXT_CHARS_MAX]
        elif isinstance(value, (bool, int, float)) and abs(value) <= NUMBER_MAX:
            told[str(name)[:TEXT_CHARS_MAX]] = value
    return told
