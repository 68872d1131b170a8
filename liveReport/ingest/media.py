"""What a Content-Type says of the body of an ingest request."""

from django.utils.http import parse_header_parameters

from .body import JSON, NDJSON, SEQUENCE, BodyError

_FRAMINGS = (
    dict.fromkeys((JSON, "text/json", ""), JSON)
    | dict.fromkeys((SEQUENCE, "application/x-json-seq"), SEQUENCE)
    | dict.fromkeys(
        [
            f"{top}/{prefix}{name}"
            for top in ("application", "text")
            for prefix in ("", "x-")
            for name in ("ndjson", "jsonl", "jsonlines", "json-lines", "ldjson", "json-stream")
        ],
        NDJSON,
    )
    | {"application/stream+json": NDJSON}
)
"""Names in use, by framing. Without one a body is JSON.

``text/plain`` is none: it is what a client says that does not know, and says nothing of where
an event ends.
"""
_SUFFIXES = {"+json": JSON, "+json-seq": SEQUENCE}
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_ACCEPT = ", ".join((JSON, NDJSON, SEQUENCE))
_SAID = 100
"""Characters of a header that are repeated to whoever sent it."""


def media_type(content_type: str) -> str:
    """``JSON``, ``NDJSON`` or ``SEQUENCE``; 415 for anything else, or another charset."""
    name, parameters = _parsed(content_type)
    if (framing := _FRAMINGS.get(name) or _by_suffix(name)) is None:
        message = f"Content-Type {name[:_SAID]!r}: send {JSON}, {NDJSON} or {SEQUENCE}."
        raise BodyError(415, "media_type", message, headers={"Accept": _ACCEPT})
    charset = parameters.get("charset", "utf-8").lower()
    if charset not in _UTF_8:
        raise BodyError(415, "charset", f"Charset {charset[:_SAID]!r}: send UTF-8.")
    return framing


def _parsed(content_type: str) -> tuple[str, dict[str, str]]:
    try:
        name, parameters = parse_header_parameters(content_type)
    except ValueError:  # a parameter says that it is in an encoding that there is not
        return content_type.partition(";")[0].strip().lower(), {}
    return name, parameters


def _by_suffix(name: str) -> str | None:
    """What a structured syntax suffix (RFC 6839, RFC 8091) says of any other application's type."""
    top, _, subtype = name.partition("/")
    plus = subtype.rfind("+")
    return _SUFFIXES.get(subtype[plus:]) if top == "application" and plus > 0 else None
