"""The one entrance: a body of events is checked, and what is good in it stored.

What the database cannot take at the moment waits in the spool (see ``spool`` and ``drain``).
"""

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

import numpy as np
from django.conf import settings
from django.db import Error
from django.db.backends.signals import connection_created
from django.utils import timezone

from liveReport.engines.outage import (
    AWAY,
    RETRY_SECONDS,
    asking,
    database,
    is_outage,
    limit_waiting,
)
from liveReport.engines.quarantine import CODE
from liveReport.events.batch import Events
from liveReport.models import Source

from .append import Fate, Quarantined, append, check_backlog
from .body import JSON, BodyError, plain_text
from .coding import decompress
from .contract import Rejection, Validated, current_contract
from .drain import drainer
from .media import media_type
from .spool import SpoolError, spool

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Receipt:
    """What became of a request: events that are now durable, and those refused.

    Among the ``accepted`` are ``duplicates``, which repeat an id of their campaign within the
    request, and the ``quarantined``: ``None`` where nobody knows yet, as the events are in the
    spool.
    """

    accepted: int
    duplicates: int
    quarantined: list[Quarantined] | None
    rejected: list[Rejection]


def receive(
    source: Source,
    body: bytes,
    *,
    content_type: str = JSON,
    encoding: str = "",
    allowed: frozenset[str] | None = None,
    now: datetime | None = None,
) -> Receipt:
    """Validate a body of events and store the good ones; durable on return.

    ``allowed`` are the only campaigns its sender may write to, if not all. Raises
    ``BodyError`` when the request is refused as a whole: 400 not parseable, 413 too
    large, 415 unknown type or encoding, 503 too much pending, or neither database
    nor spool takes anything.
    """
    now = now or timezone.now()
    media = media_type(content_type)
    spooling = is_spooling() or not has_room()
    plain = plain_text(decompress(body, encoding, settings.INGEST_MAX_BYTES))
    found = current_contract().validate(
        plain, media, now, settings.INGEST_MAX_EVENTS, allowed, source=source.pk
    )
    fate: Fate | None = Fate()
    if found.events:
        fate = None if spooling else _append(source, found.events, now)
        if fate is None:
            _spool(source, found.events, now)
    return _receipt(found, fate)


def _receipt(found: Validated, fate: Fate | None) -> Receipt:
    events, ids, rejected = found
    if fate is None:
        return Receipt(len(events), events.repeats(), None, rejected)
    accepted = events
    if fate.refused:
        kept = [place for place in range(len(events)) if place not in fate.refused]
        accepted = events.take(np.array(kept, np.int64))
        rejected = sorted(
            rejected + _too_many(ids, rejected, fate.refused), key=attrgetter("index")
        )
    return Receipt(len(accepted), accepted.repeats(), list(fate.quarantined), rejected)


def _too_many(
    ids: Sequence[str], rejected: Sequence[Rejection], refused: Mapping[int, str]
) -> list[Rejection]:
    """Refusals of good events: their places among the good ones become those in the request."""
    bad = {rejection.index for rejection in rejected}
    indices = [index for index in range(len(ids) + len(bad)) if index not in bad]
    return [
        Rejection(indices[place], ids[place], "campaign", CODE, why)
        for place, why in refused.items()
    ]


def begin_serving() -> None:
    """Once in each web process: no request waits for long, and nothing stays in the spool."""
    connection_created.connect(limit_waiting)
    is_spooling()


def is_spooling() -> bool:
    """Whether events must line up behind others that wait already."""
    try:
        waiting = spool().holds_anything()
    except (sqlite3.Error, OSError) as error:  # as good as none: the log is what counts
        logger.warning("The spool cannot be read: %s", type(error).__name__)
        return False
    if waiting:
        drainer.start()
    return waiting


def has_room() -> bool:
    """Whether the database can be asked, and then has room for more; 503 if it has not."""
    if not database.lets_through():
        return False
    try:
        with asking():
            check_backlog()
    except Error as error:
        if not is_outage(error):
            raise
        return False
    return True


def _append(source: Source, events: Events, now: datetime) -> Fate | None:
    """What became of the events, or ``None`` where log and quarantine do not have them.

    Where it is not known (the connection was lost while committing), they are
    spooled as well, and counted once by their ids.
    """
    try:
        return append(source.pk, events, now)
    except Error as error:
        if not is_outage(error):
            raise
        logger.debug("The database took no events: %s", type(error).__name__)
        return None


def _spool(source: Source, events: Events, now: datetime) -> None:
    with spooling_errors():
        spool().put(source.pk, now, events)


@contextmanager
def spooling_errors() -> Iterator[None]:
    """Around what puts something in the spool: it is drained then, or 503."""
    try:
        yield
    except SpoolError as error:
        logger.error("Events were turned away, neither database nor spool takes them: %s", error)  # noqa: TRY400
        raise BodyError(503, "database", str(AWAY), RETRY_SECONDS) from error
    drainer.start()
