"""Content codings (RFC 9110): from the bytes that came to those that were meant.

Whatever is packed in whatever, nothing unfolds to more than the limit, nor to more than
so many times what came.
"""

import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

import brotli
import zstandard
from django.conf import settings

from .body import BodyError

SMALL = 64 * 1024
"""Bytes that a body may always unfold to, whatever the ratio."""
MOST_CODINGS = 3
"""How many times a body may be packed."""
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_WINDOW = 8 * 1024 * 1024
"""The memory that RFC 9659 lets a body in zstd ask for."""
_FIRST_PIECE = 512
_SAID = 100
"""Characters of a header that are repeated to whoever sent it."""


class Member(Protocol):
    """A stream that says itself where it ends: what comes then is ``unused_data``."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, packed: bytes, room: int, /) -> bytes:
        """What this unfolds to; not much more than ``room`` bytes, which are too many already."""


class _Zstd:
    """A frame. It unfolds in blocks of at most 128 KB, which can be 4 bytes: by a few at a time."""

    _LEAST, _BLOCK = 4, 128 * 1024

    def __init__(self) -> None:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        self._frame = decompressor.decompressobj()
        self.unused_data = b""

    @property
    def eof(self) -> bool:
        return self._frame.eof

    def decompress(self, packed: bytes, room: int, /) -> bytes:
        parts = []
        place = 0
        while room > 0 and place < len(packed) and not self.eof:
            step = self._LEAST * (room // self._BLOCK + 8)
            parts.append(self._frame.decompress(packed[place : place + step]))
            room -= len(parts[-1])
            place += step
        self.unused_data = self._frame.unused_data + packed[place:]
        return b"".join(parts)


class _Brotli:
    """A stream, which nothing can follow."""

    unused_data = b""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def eof(self) -> bool:
        return bool(self._stream.is_finished())

    def decompress(self, packed: bytes, room: int, /) -> bytes:
        return bytes(self._stream.process(packed, output_buffer_limit=room))


def _gzip(body: bytes) -> Member:
    return zlib.decompressobj(_GZIP)


def _deflate(body: bytes) -> Member:
    """In its wrapping, or as many send it without: then its first byte is another one."""
    is_wrapped = body[:1] and body[0] % 16 == zlib.DEFLATED and int.from_bytes(body[:2]) % 31 == 0
    return zlib.decompressobj(_ZLIB if is_wrapped else _RAW)


def _zstd(body: bytes) -> Member:
    return _Zstd()


def _br(body: bytes) -> Member:
    return _Brotli()


_CODINGS: Mapping[str, Callable[[bytes], Member]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
    "br": _br,
}
_OF_MEMBERS = frozenset({"gzip", "x-gzip", "zstd"})
_ERRORS = (zlib.error, zstandard.ZstdError, brotli.error)
_ACCEPT = ", ".join(name for name in _CODINGS if not name.startswith("x-"))


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """The body of at most ``limit`` bytes that ``encoding``, a Content-Encoding, was applied to.

    415 for a coding that is not known, 413 for what unfolds to too much, else 400.
    """
    ratio = max(SMALL, settings.INGEST_MAX_RATIO * len(body))
    for name in reversed(_names(encoding)):
        body = _unfolded(body, name, min(limit, ratio))
        if ratio < len(body) <= limit:
            message = f"The body unfolds to more than {settings.INGEST_MAX_RATIO} times its bytes."
            raise BodyError(413, "ratio", message)
        if len(body) > limit:
            break
    if len(body) > limit:
        raise BodyError(413, "too_large", f"The body is larger than {limit} bytes.")
    return body


def _names(encoding: str) -> list[str]:
    """The codings in the order in which they were applied."""
    listed = [name.strip(" \t").lower() for name in encoding.split(",")]
    names = [name for name in listed if name not in ("", "identity")]
    if len(names) > MOST_CODINGS or not set(names) <= _CODINGS.keys():
        message = f"Content-Encoding {encoding[:_SAID]!r}: send {_ACCEPT}, or none."
        raise BodyError(415, "content_encoding", message, headers={"Accept-Encoding": _ACCEPT})
    return names


def _unfolded(body: bytes, name: str, most: int) -> bytes:
    """What one coding was applied to; if it is more than ``most`` bytes, the beginning of it."""
    plain = bytearray()
    place = members = 0
    try:
        while len(plain) <= most and (place < len(body) or not members):
            if members == (settings.INGEST_MAX_EVENTS if name in _OF_MEMBERS else 1):
                raise _wrong(name, "something is behind its end")
            place = _unfold(_CODINGS[name](body), body, place, plain, most)
            members += 1
    except EOFError as error:
        raise _wrong(name, "it is cut short") from error
    except _ERRORS as error:
        raise _wrong(name, str(error)) from error
    return bytes(plain)


def _unfold(member: Member, body: bytes, place: int, plain: bytearray, most: int) -> int:
    """Add what a member unfolds to, until it is more than ``most`` bytes; where the member ends.

    What it is given grows with it: of a body of a thousand members each is given little.
    """
    piece = _FIRST_PIECE
    while not member.eof and len(plain) <= most:
        if place == len(body):
            raise EOFError
        packed = body[place : place + piece]
        plain += member.decompress(packed, most + 1 - len(plain))
        place += len(packed) - len(member.unused_data)
        piece *= 2
    return place


def _wrong(name: str, reason: str) -> BodyError:
    return BodyError(400, name.removeprefix("x-"), f"The body is not valid {name}: {reason}.")
