"""The write side: from the bytes of a request to committed batches of the event log.

``receive`` is the one entrance; the HTTP endpoint and ``send_events`` call it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from liveReport.models import ApiToken, Source

from .append import append, check_backlog, replay
from .body import JSON, BodyError, decompress, media_type
from .contract import Rejection, current_contract

__all__ = ["BodyError", "Receipt", "Rejection", "append", "receive", "replay"]


@dataclass(frozen=True)
class Receipt:
    """What became of a request: events that are now durable, and those refused."""

    accepted: int
    rejected: list[Rejection]


def receive(
    source: Source,
    body: bytes,
    *,
    content_type: str = JSON,
    encoding: str = "",
    token: ApiToken | None = None,
    now: datetime | None = None,
) -> Receipt:
    """Validate a body of events and append the good ones; durable on return.

    Raises ``BodyError`` when the request is refused as a whole: 400 not
    parseable, 413 too large, 415 unknown type or encoding, 503 too much pending.
    """
    now = now or timezone.now()
    media = media_type(content_type)
    check_backlog()
    plain = decompress(body, encoding, settings.INGEST_MAX_BYTES)
    events, rejected = current_contract().validate(
        plain, media, now, settings.INGEST_MAX_EVENTS, _allowed(token)
    )
    append(source, events, now)
    return Receipt(len(events), rejected)


def _allowed(token: ApiToken | None) -> frozenset[str] | None:
    """The campaigns a token is limited to; ``None`` for no limit."""
    slugs = frozenset(token.campaigns.values_list("slug", flat=True)) if token else frozenset()
    return slugs or None
