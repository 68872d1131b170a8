"""The body of an ingest request: limits, compression, framing.

Nothing here knows what an event is: ``split`` hands out the raw bytes of each, so
that one that does not decode fails alone.
"""

import json
import zlib
from collections.abc import Sequence

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
    raw = [msgspec.Raw(line) for line in lines(body)] if media == NDJSON else _elements(body, limit)
    _check_number(raw, limit)
    return raw


def leniently(text: bytes) -> object:
    """What JSON says if NaN, lone surrogates and bytes that are not UTF-8 are let pass.

    No field takes a number, so it does not matter which one: thousands of digits are none.
    """
    plain = text.decode(errors="surrogateescape")
    return json.loads(plain, parse_int=_zero, parse_float=_zero)


def _zero(digits: str) -> int:
    return 0


def _check_number(events: Sequence[object], limit: int) -> None:
    if len(events) > limit:
        raise BodyError(413, "too_many", f"{len(events)} events: send at most {limit} at a time.")


def lines(body: bytes) -> list[bytes]:
    """The lines of NDJSON; blank ones hold nothing."""
    return [line for line in body.split(b"\n") if line.strip()]


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


_array = msgspec.json.Decoder(list[msgspec.Raw])
_envelope = msgspec.json.Decoder(_Envelope)


def _elements(body: bytes, limit: int) -> list[msgspec.Raw]:
    try:
        if body.lstrip()[:1] == b"{":
            return _envelope.decode(body).events
        return _array.decode(body)
    except msgspec.DecodeError:
        return _salvage(body, limit)
    except (RecursionError, UnicodeDecodeError) as error:
        raise _malformed(error) from error


def _salvage(body: bytes, limit: int) -> list[msgspec.Raw]:
    """Split what only a lenient parser reads.

    The event that is to blame stays undecodable, the others survive it.
    """
    try:
        document = leniently(body)
        if isinstance(document, dict) and set(document) == {"events"}:
            document = document["events"]
        if isinstance(document, list):
            _check_number(document, limit)
            return [msgspec.Raw(json.dumps(event).encode()) for event in document]
    except (ValueError, RecursionError) as error:
        raise _malformed(error) from error
    raise _malformed("something else")


def _malformed(error: object) -> BodyError:
    shapes = 'an array of events nor {"events": […]}, in UTF-8'
    return BodyError(400, "malformed", f"Neither {shapes}: {error}.")
