"""The body of an ingest request: limits, compression, framing.

Nothing here knows what an event is: ``split`` hands out the raw bytes of each, so
that one that does not decode fails alone.
"""

import json
import zlib
from typing import Any

import msgspec

JSON = "application/json"
NDJSON = "application/x-ndjson"
GZIP = 16 + zlib.MAX_WBITS


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
    """The plain body of at most ``limit`` bytes, whatever a bomb would unfold to."""
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
    try:
        plain = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise BodyError(400, "gzip", f"The body is not valid gzip: {error}.") from error
    if len(plain) <= limit and (not stream.eof or stream.unused_data):
        raise BodyError(400, "gzip", "The gzip body is cut short or has something behind it.")
    return plain


def split(body: bytes, media: str, limit: int) -> list[msgspec.Raw]:
    """The raw bytes of each event of the body; 400 when it has no such shape."""
    raw = _lines(body) if media == NDJSON else _elements(body)
    if len(raw) > limit:
        raise BodyError(413, "too_many", f"{len(raw)} events: send at most {limit} at a time.")
    return raw


def _lines(body: bytes) -> list[msgspec.Raw]:
    return [msgspec.Raw(line) for line in body.split(b"\n") if line.strip()]


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


_array = msgspec.json.Decoder(list[msgspec.Raw])
_envelope = msgspec.json.Decoder(_Envelope)


def _elements(body: bytes) -> list[msgspec.Raw]:
    try:
        if body.lstrip()[:1] == b"{":
            return _envelope.decode(body).events
        return _array.decode(body)
    except msgspec.DecodeError:
        return _salvage(body)
    except (RecursionError, UnicodeDecodeError) as error:
        raise _malformed(error) from error


def _salvage(body: bytes) -> list[msgspec.Raw]:
    """Split what only a lenient parser reads (NaN, lone surrogates).

    The event that holds such a thing stays undecodable, the others survive it.
    """
    try:
        document = json.loads(body.decode(), parse_constant=lambda name: {"not a number": name})
    except (ValueError, RecursionError) as error:
        raise _malformed(error) from error
    if isinstance(document, dict) and set(document) == {"events"}:
        document = document["events"]
    if not isinstance(document, list):
        raise _malformed("something else")
    return [_raw(event) for event in document]


def _raw(event: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(event).encode())


def _malformed(error: object) -> BodyError:
    return BodyError(400, "malformed", f'Not an array of events nor {{"events": […]}}: {error}.')
