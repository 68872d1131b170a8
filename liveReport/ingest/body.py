"""The body of an ingest request: limits, compression, framing.

Nothing here knows what an event is: ``split`` hands out the raw bytes of each, so
that one that does not decode fails alone.
"""

import re
import zlib
from itertools import islice

import msgspec
from django.conf import settings

from .lenient import elements

JSON = "application/json"
NDJSON = "application/x-ndjson"
GZIP = 16 + zlib.MAX_WBITS
SMALL = 64 * 1024
"""Bytes that a body may always unfold to, whatever the ratio."""


class BodyError(Exception):
    """A request that is refused as a whole.

    ``status`` is the HTTP status, ``code`` a stable word, ``retry_after`` seconds.
    """

    def __init__(
        self, status: int, code: str, message: str, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


def media_type(content_type: str) -> str:
    """``application/json`` or ``application/x-ndjson``; 415 for anything else."""
    name, _, parameters = content_type.partition(";")
    name = name.strip().lower() or JSON
    if name not in (JSON, NDJSON):
        raise BodyError(415, "media_type", f"Content-Type {name!r}: send {JSON} or {NDJSON}.")
    charset = parameters.strip().lower().replace('"', "")
    if charset.startswith("charset=") and charset not in ("charset=utf-8", "charset=utf8"):
        raise BodyError(415, "charset", "Send UTF-8.")
    return name


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """The plain body of at most ``limit`` bytes, whatever a bomb would unfold to.

    What is gzipped unfolds to ``SMALL`` bytes or ``INGEST_MAX_RATIO`` times its own, not to more.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        plain = body
    elif name == "gzip":
        plain = _gunzip(body, limit)
    else:
        raise BodyError(415, "content_encoding", f"Content-Encoding {name!r}: send gzip or none.")
    if len(plain) > limit:
        raise BodyError(413, "too_large", f"The body is larger than {limit} bytes.")
    return plain


def _gunzip(body: bytes, limit: int) -> bytes:
    stream = zlib.decompressobj(GZIP)
    most = max(SMALL, settings.INGEST_MAX_RATIO * len(body))
    try:
        plain = stream.decompress(body, min(limit, most) + 1)
    except zlib.error as error:
        raise BodyError(400, "gzip", f"The body is not valid gzip: {error}.") from error
    if most < len(plain) <= limit:
        message = f"The body unfolds to more than {settings.INGEST_MAX_RATIO} times its bytes."
        raise BodyError(413, "ratio", message)
    if len(plain) <= limit and (not stream.eof or stream.unused_data):
        raise BodyError(400, "gzip", "The gzip body is cut short or has something behind it.")
    return plain


def split(body: bytes, media: str, limit: int) -> list[msgspec.Raw]:
    """The raw bytes of each event of the body; 400 when it has no such shape, 413 too many."""
    raw = list(map(msgspec.Raw, lines(body))) if media == NDJSON else _elements(body, limit)
    if len(raw) > limit:
        raise BodyError(413, "too_many", f"Send at most {limit} events at a time.")
    return raw


def lines(body: bytes) -> list[bytes]:
    """The lines of NDJSON; blank ones hold nothing."""
    return [line for line in body.split(b"\n") if line.strip()]


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


_array = msgspec.json.Decoder(list[msgspec.Raw])
_envelope = msgspec.json.Decoder(_Envelope)
_wrapped = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"events"[ \t\r\n]*:(.*)\}[ \t\r\n]*', re.DOTALL)


def _elements(body: bytes, limit: int) -> list[msgspec.Raw]:
    try:
        if body.lstrip()[:1] == b"{":
            return _envelope.decode(body).events
        return _array.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _salvage(body, limit, error)


def _salvage(body: bytes, limit: int, error: Exception) -> list[msgspec.Raw]:
    """Split what no strict parser reads: the event that is to blame fails alone, later.

    Of more than ``limit`` events one more is enough.
    """
    envelope = _wrapped.fullmatch(body)
    try:
        events = elements(envelope[1] if envelope else body)
        return list(map(msgspec.Raw, islice(events, limit + 1)))
    except ValueError:
        shapes = 'an array of events nor {"events": […]}, in UTF-8'
        raise BodyError(400, "malformed", f"Neither {shapes}: {error}.") from error
