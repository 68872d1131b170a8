"""Appending to the event log: a request is answered once its row is committed.

Requests that arrive while others are being committed share the next transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from liveReport.models import Campaign, EventBatch, QuarantinedBatch, Source

from .body import BodyError
from .lately import Lately
from .outage import impatiently
from .payload import Events, encode
from .together import Together

ROOM = "room"
HOPELESS = (DataError, IntegrityError)
"""What is wrong with a row itself, such as that its source was deleted, and stays wrong."""
_APPEND = """
INSERT INTO livereport_eventbatch
(source_id, received_at, count, payload, folded, duplicates, late) VALUES
"""
_ROW = "(%s, %s, %s, %s, FALSE, 0, 0)"
lately = Lately()
"""Such as which campaigns exist, by slug in a tuple, and whether there is ``ROOM``."""


class _Row(NamedTuple):
    """What one request adds to the log."""

    source: int
    received_at: datetime
    events: int
    payload: bytes

    @classmethod
    def of(cls, source: Source, events: Events, now: datetime) -> "_Row":
        return cls(source.pk, now, len(events), encode(events))


def append(source: Source, events: Events, now: datetime) -> None:
    """Store accepted events; those of an unknown campaign go to the quarantine.

    They are committed on return, unless the caller has a transaction open.
    """
    campaigns = events.campaigns()
    strangers = sorted(campaigns - _known(campaigns))
    if not strangers:
        _append_row(_Row.of(source, events, now))
        return
    impatiently(partial(_append_apart, source, events, strangers, now))


@transaction.atomic
def _append_apart(source: Source, events: Events, strangers: Sequence[str], now: datetime) -> None:
    """The events of campaigns that exist to the log, those of others to the quarantine."""
    if len(others := _without(events, strangers)):
        _insert([_Row.of(source, others, now)])
    for campaign in strangers:
        held = events.of_campaign(campaign)
        QuarantinedBatch.objects.create(
            source=source,
            campaign=campaign,
            received_at=now,
            count=len(held),
            payload=encode(held),
        )


def replay(quarantined: Iterable[QuarantinedBatch]) -> int:
    """Move batches whose campaign exists by now into the log; how many events moved."""
    moved = 0
    for batch in quarantined:
        with transaction.atomic():
            if not Campaign.objects.filter(slug=batch.campaign).exists():
                continue
            removed, _ = QuarantinedBatch.objects.filter(pk=batch.pk).delete()
            if removed:  # not replayed by someone else meanwhile
                _insert([_Row(batch.source_id, timezone.now(), batch.count, bytes(batch.payload))])
                moved += batch.count
    return moved


def check_backlog() -> None:
    """Refuse to accept more while too much waits to be folded."""
    if lately.holds(ROOM):
        return
    waiting = EventBatch.objects.filter(folded=False).order_by().count()
    if waiting > settings.INGEST_MAX_PENDING:
        raise BodyError(503, "overloaded", f"{waiting} batches wait to be counted.", 5)
    lately.note([ROOM])


def _known(slugs: set[str]) -> set[str]:
    """The slugs of campaigns that exist. Of others nothing is remembered: they may any moment."""
    known = {slug for slug in slugs if lately.holds((slug,))}
    if unsure := slugs - known:
        found = set(Campaign.objects.filter(slug__in=unsure).values_list("slug", flat=True))
        lately.note((slug,) for slug in found)
        known |= found
    return known


def _without(events: Events, campaigns: Sequence[str]) -> Events:
    return events.where(
        events.of_shapes(shape.campaign not in campaigns for shape in events.shapes)
    )


def _append_row(row: _Row) -> None:
    if connection.in_atomic_block:
        _insert([row])
        return
    try:
        _commit.do(row)
    except HOPELESS:  # perhaps of another's row
        _insert([row])


def _insert(rows: Sequence[_Row]) -> None:
    """One statement, which is a transaction if none is open; of our own, as every request waits."""
    values: list[Any] = []
    for row in rows:
        received_at = connection.ops.adapt_datetimefield_value(row.received_at)
        values += [row.source, received_at, row.events, row.payload]
    with connection.cursor() as cursor:
        cursor.execute(_APPEND + ", ".join([_ROW] * len(rows)), values)


_commit = Together[_Row](lambda rows: impatiently(partial(_insert, rows)))
