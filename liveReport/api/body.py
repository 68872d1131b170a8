"""Reading the body of a request, never more of it than allowed."""

from collections.abc import Callable

from django.core.handlers.wsgi import WSGIRequest
from django.http import UnreadablePostError

from liveReport.ingest import BodyError

PIECE = 64 * 1024
PATIENCE = 4
"""Times the limit: a body that is too long is read up to there, and thrown away.

Only then the client, which sends first and listens afterwards, learns why it is refused,
and can go on using the connection.
"""


def read_body(request: WSGIRequest, limit: int) -> bytes:
    """The raw body; 413 when it is, or says it is, longer than ``limit`` bytes."""
    declared = request.META.get("CONTENT_LENGTH") or ""
    if not declared and request.META.get("HTTP_TRANSFER_ENCODING"):
        return _checked(_read_chunked(request, limit), limit)
    if declared and not (declared.isdecimal() and len(declared) < 20):
        raise BodyError(400, "content_length", "Content-Length is not a number of bytes.")
    if (length := int(declared or 0)) > limit:
        if length <= PATIENCE * limit:
            _discard(request.read, length)
        raise _too_large(limit)
    return _checked(_read(request, limit), limit)


def _read(request: WSGIRequest, limit: int) -> bytes:
    try:
        return request.read(limit + 1)
    except UnreadablePostError as error:
        raise _cut_short() from error


def _read_chunked(request: WSGIRequest, limit: int) -> bytes:
    """Django sees no body without a length; the server knows where it ends."""
    if not request.environ.get("wsgi.input_terminated"):
        raise BodyError(411, "length_required", "Send Content-Length.")
    parts = []
    size = 0
    try:
        while size <= limit and (part := request.environ["wsgi.input"].read(limit + 1 - size)):
            parts.append(part)
            size += len(part)
        if size > limit:
            _discard(request.environ["wsgi.input"].read, (PATIENCE - 1) * limit)
    except OSError as error:
        raise _cut_short() from error
    return b"".join(parts)


def _discard(read: Callable[[int], bytes], size: int) -> None:
    while size > 0 and (part := read(min(size, PIECE))):
        size -= len(part)


def _checked(body: bytes, limit: int) -> bytes:
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> BodyError:
    return BodyError(413, "too_large", f"The body is larger than {limit} bytes.")


def _cut_short() -> BodyError:
    return BodyError(400, "cut_short", "The body ended early.")
