"""The text of an ingest request: how it is cut into events.

Nothing here knows what an event is: ``split`` hands out the raw bytes of each, so
that one that does not decode fails alone.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice

import msgspec

from .salvage import elements, has_odd_quotes

JSON = "application/json"
NDJSON = "application/x-ndjson"
SEQUENCE = "application/json-seq"

_MARK = b"\xef\xbb\xbf"
"""U+FEFF, which some programs put before a text to say that it is UTF-8."""
_MARKS = re.compile(rb"(?:[ \t\r\n]*\xef\xbb\xbf)*")
_RECORD = b"\x1e"
"""Begins each text of a JSON sequence (RFC 7464)."""
_WIDE = (
    (True, True, True, False),
    (True, False, True, False),
    (False, True, True, True),
    (False, True, False, True),
)
"""Which of the first four bytes are 0 in UTF-32 and UTF-16, either way round."""


class BodyError(Exception):
    """A request that is refused as a whole.

    ``status`` is the HTTP status, ``code`` a stable word, ``retry_after`` seconds,
    ``headers`` what else the answer says.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.headers = headers or {}


def plain_text(body: bytes) -> bytes:
    """The body without a byte order mark before it; 415 for Unicode in another form than UTF-8."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or _nuls(body) in _WIDE:
        raise BodyError(415, "charset", "The body is UTF-16 or UTF-32. Send UTF-8.")
    return _unmarked(body)


def _nuls(body: bytes) -> tuple[bool, ...]:
    return tuple(byte == 0 for byte in body[:4])


def split(body: bytes, media: str, limit: int) -> list[msgspec.Raw]:
    """The raw bytes of each event of the body; 400 when it has no such shape, 413 too many."""
    raw = _elements(body, limit) if media == JSON else list(map(msgspec.Raw, _texts(body, media)))
    if len(raw) > limit:
        raise BodyError(413, "too_many", f"Send at most {limit} events at a time.")
    return raw


def _texts(body: bytes, media: str) -> Iterator[bytes]:
    if media == SEQUENCE:
        yield from sequence(body)
    else:
        for line in lines(body):
            yield from documents(line)


def lines(body: bytes) -> list[bytes]:
    """The lines of NDJSON; blank ones hold nothing."""
    return [line for line in body.split(b"\n") if line.strip()]


def sequence(body: bytes) -> list[bytes]:
    """The texts of a JSON sequence; one that is cut short takes no other with it."""
    texts = map(_unmarked, body.split(_RECORD))
    return [text for text in texts if text.strip()]


def documents(line: bytes) -> list[bytes]:
    """What a line says without byte order marks: files that were joined have them inside.

    One in a string belongs to it.
    """
    if _MARK not in line:
        return [line]
    texts: list[list[bytes]] = []
    in_string = False
    for part in line.split(_MARK):
        if in_string:
            texts[-1] += (_MARK, part)
        else:
            texts.append([part])
        in_string ^= has_odd_quotes(part)
    return [text for text in map(b"".join, texts) if text.strip()]


def _unmarked(text: bytes) -> bytes:
    found = _MARKS.match(text)
    return text[found.end() :] if found else text


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
