"""The event log, as it is stored: what waits to be folded, and what was."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from liveReport.events.columns import Ints
from liveReport.models import EventBatch

from . import sql

BATCHES = 10_000
"""Batches to a transaction of the fold: some builds of SQLite take 32,766 parameters."""
PAGE = 20
"""Folded batches to hold in memory."""


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


def mark(batches: Ints, duplicates: Ints, late: Ints) -> None:
    """Close batches, with how many of each one's events did not count, and why."""
    columns: dict[str, sql.Values] = {
        "folded": np.ones(len(batches), np.bool_),
        "duplicates": duplicates,
        "late": late,
    }
    sql.update("livereport_eventbatch", {"id": batches}, columns)


def folded() -> Iterator[EventBatch]:
    """All that were folded, page by page.

    SQLite lets nobody write who is still reading what others have changed.
    """
    last = 0
    rows = EventBatch.objects.filter(folded=True).order_by("pk")
    while page := list(rows.filter(pk__gt=last)[:PAGE]):
        yield from page
        last = page[-1].pk


def waiting() -> int:
    """How many batches wait to be folded."""
    return EventBatch.objects.filter(folded=False).order_by().count()


def waiting_since() -> datetime | None:
    """When the oldest batch that waits was received."""
    rows = EventBatch.objects.filter(folded=False).order_by("pk")
    return rows.values_list("received_at", flat=True).first()
