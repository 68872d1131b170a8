"""The event log as it is stored: what adds to it, and waits in it.

A batch is described by when its events occurred and by their campaigns, so that whoever
looks for events opens no other batches. One that comes without (what was set aside, and what
the former release wrote) is described by the fold that counts it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from django.db.models import Max

from liveReport.events import former
from liveReport.events.batch import Events, encode
from liveReport.events.columns import Ints
from liveReport.events.moments import microseconds
from liveReport.models import BatchCampaign, EventBatch

from . import sql

BATCHES = 10_000
"""Batches to a transaction of the fold: some builds of SQLite take 32,766 parameters."""
HELD = 20
"""Folded batches to hold in memory."""

SHARED = "livereport_batchcampaign"
_APPEND = """
INSERT INTO livereport_eventbatch
(source_id, received_at, count, payload, first_at, last_at, campaign, folded, duplicates, late)
VALUES {} RETURNING id
"""
_ROW = "(%s, %s, %s, %s, %s, %s, %s, FALSE, 0, 0)"


class Entry(NamedTuple):
    """A batch that is to be appended. ``campaigns`` are those of its events, ``first_at`` and
    ``last_at`` when they occurred, in microseconds; nothing of it is known if it is not described.
    """

    source: int
    received_at: datetime
    events: int
    payload: bytes | memoryview
    first_at: int | None = None
    last_at: int | None = None
    campaigns: Sequence[str] = ()

    @classmethod
    def of(cls, source: int, received_at: datetime, events: Events) -> "Entry":
        """The entry of some events, described."""
        return cls.described(source, received_at, events, encode(events))

    @classmethod
    def described(
        cls, source: int, received_at: datetime, events: Events, payload: bytes
    ) -> "Entry":
        """The entry of some events that are packed already."""
        return cls(source, received_at, len(events), payload, *_description(events))


def append(entries: Sequence[Entry]) -> list[int]:
    """Add batches; their ids, in order. The one way into the log.

    One statement, which is a transaction if none is open; another one with it where the
    events of an entry are of several campaigns. Of our own, as every request waits for it.
    """
    if all(len(entry.campaigns) < 2 for entry in entries):
        return _insert(entries)
    with transaction.atomic(savepoint=False):
        ids = _insert(entries)
        _share(ids, entries)
    return ids


def _insert(entries: Sequence[Entry]) -> list[int]:
    if not entries:
        return []
    values: list[Any] = []
    for entry in entries:
        received_at = connection.ops.adapt_datetimefield_value(entry.received_at)
        values += [entry.source, received_at, entry.events, entry.payload]
        values += [entry.first_at, entry.last_at, _single(entry.campaigns)]
    with connection.cursor() as cursor:
        cursor.execute(_APPEND.format(", ".join([_ROW] * len(entries))), values)
        return sorted(pk for (pk,) in cursor.fetchall())  # they grow from row to row


def _single(campaigns: Sequence[str]) -> str:
    return campaigns[0] if len(campaigns) == 1 else ""


def _share(ids: Sequence[int], entries: Sequence[Entry]) -> None:
    """Note the campaigns of those batches whose events are of several."""
    rows = [
        (pk, campaign, entry.first_at or 0, entry.last_at or 0)
        for pk, entry in zip(ids, entries, strict=True)
        if len(entry.campaigns) > 1
        for campaign in sorted(entry.campaigns)
    ]
    batch, campaign, first_at, last_at = zip(*rows, strict=True) if rows else ((),) * 4
    sql.insert(
        SHARED,
        {
            "batch": np.array(batch, np.int64),
            "campaign": campaign,
            "first_at": np.array(first_at, np.int64),
            "last_at": np.array(last_at, np.int64),
        },
    )


def _description(events: Events) -> tuple[int | None, int | None, Sequence[str]]:
    if not events:
        return 0, 0, ()
    return int(events.at.min()), int(events.at.max()), sorted(events.campaigns())


def replace(batch: EventBatch, events: Events) -> None:
    """Let a batch have these events from now on. Call inside a transaction."""
    entry = Entry.of(batch.source_id, batch.received_at, events)
    batch.payload, batch.count = entry.payload, entry.events
    batch.first_at, batch.last_at = entry.first_at, entry.last_at
    batch.campaign = _single(entry.campaigns)
    batch.save(update_fields=["payload", "count", "first_at", "last_at", "campaign"])
    BatchCampaign.objects.filter(batch=batch.pk).delete()
    _share([batch.pk], [entry])


def describe(batches: Sequence[EventBatch]) -> None:
    """Describe batches that came without, and store them as this release does."""
    for batch in batches:
        replace(batch, former.read(batch.payload, batch.source_id))


def delete(ids: Sequence[int]) -> None:
    """Take batches out of the log. Call inside a transaction."""
    BatchCampaign.objects.filter(batch__in=ids).delete()
    EventBatch.objects.filter(pk__in=ids).delete()


# -- What waits to be folded ------------------------------------------------------------------


def pending(most: int) -> list[EventBatch]:
    """The oldest batches to fold that are not suspects: of ``most`` events, but at least one."""
    waiting = EventBatch.objects.filter(folded=False, suspect=None).order_by("pk")
    chosen: list[int] = []
    events = 0
    for pk, count in waiting.values_list("pk", "count")[:BATCHES]:
        if chosen and events + count > most:
            break
        chosen.append(pk)
        events += count
    return list(waiting.filter(pk__in=chosen))


def next_fold(now: datetime) -> int:
    """The number of the fold that is under way: the time, or more than any before if that is later.

    For the holder of the fold's lease, inside the transaction that is to mark batches with it.
    """
    return max(microseconds(now), 1 + (last_fold() or 0))


def last_fold() -> int | None:
    """The number of the last fold that the log has batches of: none is counted by a later one."""
    found: int | None = EventBatch.objects.aggregate(last=Max("folded_at"))["last"]
    return found


def mark(batches: Ints, duplicates: Ints, late: Ints, fold: int) -> None:
    """Close batches, with how many of each one's events did not count, and why.

    ``fold`` is the number of the one that does.
    """
    columns: dict[str, sql.Values] = {
        "folded": np.ones(len(batches), np.bool_),
        "duplicates": duplicates,
        "late": late,
        "folded_at": np.full(len(batches), fold, np.int64),
    }
    sql.update("livereport_eventbatch", {"id": batches}, columns)


def folded(since: int | None = None) -> Iterator[EventBatch]:
    """All that were folded, or that have events ``since`` then (microseconds), page by page.

    SQLite lets nobody write who is still reading what others have changed.
    """
    last = 0
    rows = EventBatch.objects.filter(folded=True).order_by("pk")
    if since is not None:
        rows = rows.filter(last_at__gte=since)
    while page := list(rows.filter(pk__gt=last)[:HELD]):
        yield from page
        last = page[-1].pk


def waiting() -> int:
    """How many batches wait to be folded."""
    return EventBatch.objects.filter(folded=False).order_by().count()


def waiting_since() -> datetime | None:
    """When the oldest batch that waits was received."""
    rows = EventBatch.objects.filter(folded=False).order_by("pk")
    return rows.values_list("received_at", flat=True).first()
