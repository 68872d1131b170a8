"""Deleting by time, in short transactions.

What there is to delete is looked up without a lock; the transactions then take
only what is due, so many rows at a time, and leave a gap for those who write.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from liveReport.counts.tiers import TIERS
from liveReport.events.limits import MAX_FUTURE
from liveReport.models import (
    Bucket,
    EventBatch,
    EventFile,
    Execution,
    KeyPage,
    KeyPeriod,
    Ledger,
    LedgerCount,
    LedgerSegment,
    MessageState,
    QuarantinedBatch,
    QuarantineTally,
    RecentRequest,
    Series,
    SetAsideBatch,
    SourceFeed,
    SourceMinute,
    SpentToken,
)

from . import log as stored_log
from .outage import short_transaction
from .quarantine import discard

SLICE = 500
"""Rows of the driving table to a transaction."""
BATCHES = 50
"""Batches to a transaction: each may hold the events of a large request."""
BUCKETS = 2_000
"""Buckets to a transaction, beyond which it takes no further series."""

logger = logging.getLogger(__name__)


def buckets(before: int) -> None:
    """Buckets that ended before this second, then the series left without any."""
    ended = Q(pk__in=[])
    for tier in TIERS:
        ended |= Q(tier=tier, start__lte=before - tier)
    own = Bucket.objects.filter(series_id=OuterRef("pk"))
    due = Series.objects.filter(Exists(own.filter(ended)) | ~Exists(own)).order_by("pk")
    last = 0
    while ids := list(due.filter(pk__gt=last).values_list("pk", flat=True)[:SLICE]):
        for some in _portions(ids, ended):
            with short_transaction():
                # As the fold does, series before buckets: nobody fills one that is deleted.
                held = Series.objects.select_for_update().filter(pk__in=some)
                locked = list(held.order_by("pk").values_list("pk", flat=True))
                Bucket.objects.filter(ended, series_id__in=locked).delete()
                Series.objects.filter(~Exists(own), pk__in=locked).delete()
        last = ids[-1]


def executions(before: datetime) -> None:
    """Executions whose last event was before this time.

    The longest bucket that it is in has ended, too, so no series is left of them. A message's
    state that names one is older still, and in no window.
    """
    old = Execution.objects.filter(last_event_at__lt=before).order_by("pk")
    last = 0
    while ids := list(old.filter(pk__gt=last).values_list("pk", flat=True)[:SLICE]):
        with short_transaction():
            # One that is locked has just had an event.
            free = old.select_for_update(skip_locked=True).filter(pk__in=ids)
            Execution.objects.filter(pk__in=list(free.values_list("pk", flat=True))).delete()
        last = ids[-1]


def ledgers(before: int) -> None:
    """Ledgers of runs of which nothing was received since this time, in microseconds.

    The log has none of their events any more, so nobody recounts them.
    """
    old = Ledger.objects.filter(last_received__lt=before).order_by("pk")
    last = 0
    while ids := list(old.filter(pk__gt=last).values_list("pk", flat=True)[:SLICE]):
        with short_transaction():
            # One that is locked has just got an event.
            free = old.select_for_update(skip_locked=True).filter(pk__in=ids)
            Ledger.objects.filter(pk__in=list(free.values_list("pk", flat=True))).delete()
        last = ids[-1]
    nobodys = ~Exists(Ledger.objects.filter(pk=OuterRef("ledger_id")))
    for model in (LedgerSegment, LedgerCount):  # written while their campaign was deleted
        left = model.objects.filter(nobodys)
        if left.exists():
            left.delete()


def _portions(ids: Iterable[int], ended: Q) -> Iterator[list[int]]:
    """The series, in portions that have about ``BUCKETS`` buckets to delete."""
    found = Bucket.objects.filter(ended, series_id__in=ids).values("series_id")
    sizes = dict(found.annotate(Count("tier")).values_list("series_id", "tier__count"))
    portion: list[int] = []
    size = 0
    for pk in ids:
        size += sizes.get(pk, 0)
        if portion and size > BUCKETS:
            yield portion
            portion, size = [], sizes.get(pk, 0)
        portion.append(pk)
    yield portion


def log(before: datetime) -> None:
    """Batches received before this time, and the keys of periods that ended before it."""
    _delete_batches(
        EventBatch.objects.filter(folded=True, received_at__lt=before), stored_log.delete
    )
    for period in KeyPeriod.objects.filter(closed_at__lt=before):
        _prune_keys(period, before)


def quarantine(before: datetime) -> None:
    """Events whose campaign was not created in time, and how many were refused before."""
    if events := discard(QuarantinedBatch.objects.filter(received_at__lt=before)):
        logger.warning("%d quarantined events were deleted: too old.", events)
    forgotten = QuarantineTally.objects.filter(refused_at__lt=before)
    if forgotten.exists():
        forgotten.update(refused=0, refused_at=None)


def hooks(before: datetime) -> None:
    """Tokens of requests that were received before this time, what came then of sources, and
    what is shown of it."""
    _delete_in_slices(SpentToken.objects.filter(spent_at__lt=before), "pk")
    _delete_in_slices(SourceMinute.objects.filter(minute__lt=before), "pk")
    _delete_in_slices(RecentRequest.objects.filter(at__lt=before), "pk")


def feeds(before: int) -> None:
    """Which channels sources fed in minutes that began before this second."""
    _delete_in_slices(SourceFeed.objects.filter(minute__lt=before), "pk")


def files(before: datetime) -> None:
    """Files of events of which nobody has taken anything in since this time."""
    _delete_in_slices(EventFile.objects.filter(changed_at__lt=before), "pk")


def set_aside(before: datetime) -> None:
    """Events that nobody tried again in time."""
    old = SetAsideBatch.objects.filter(since__lt=before)

    def delete(ids: Sequence[int]) -> None:
        old.filter(pk__in=ids).delete()

    if events := _delete_batches(old, delete, "since"):
        logger.warning("%d events that had been set aside were deleted: too old.", events)


def _delete_batches(
    old: QuerySet[Any], delete: Callable[[Sequence[int]], None], by: str = "received_at"
) -> int:
    """The number of events deleted, oldest batches first."""
    events = 0
    rows = old.order_by(by).values_list("pk", "count")
    while found := dict(rows[:BATCHES]):
        with short_transaction():
            delete(list(found))
        events += sum(found.values())
    return events


def _prune_keys(period: KeyPeriod, before: datetime) -> None:
    """The keys of a period; it goes itself when it holds no state that may still change."""
    _delete_in_slices(KeyPage.objects.filter(period=period.pk), "page")
    # An event may have come in before it occurred: nobody would pass by its state again.
    latest = int((before + MAX_FUTURE).timestamp() * 1_000_000)
    states = MessageState.objects.filter(period=period.pk)
    _delete_in_slices(states.filter(at__lt=latest), "key")
    if not states.exists():
        period.delete()


def _delete_in_slices(rows: QuerySet[Any], by: str) -> None:
    while found := list(rows.order_by(by).values_list(by, flat=True)[:SLICE]):
        with short_transaction():
            rows.filter(**{f"{by}__range": (found[0], found[-1])}).delete()
