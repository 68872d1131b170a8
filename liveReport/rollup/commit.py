"""The tick: claim, fold and commit everything that is pending.

Level-triggered: it does all there is to do, whoever rang. Each chunk is one
transaction that records event keys, adds to the rollups and marks its batches,
so a crash at any point leaves either all of a chunk or nothing of it.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from liveReport.channels import all_channels
from liveReport.engines import writes
from liveReport.ingest.payload import LogEvent, decode
from liveReport.ingest.pseudonym import event_key
from liveReport.models import EventBatch
from liveReport.tiers import TIERS

from . import sketch
from .fold import Cell, Folded, SeriesKey, fold
from .lease import Fenced, Lease, acquire

CHUNK = 20_000
"""Events to a transaction: few enough to keep the lock short, enough to share its cost."""
BUDGET = 20.0
"""Seconds after which a tick leaves the rest to the next one."""
RETENTION = timedelta(hours=26)
"""How long buckets are kept: the window and a margin for clocks that step back."""


@dataclass(frozen=True)
class Keyed:
    """An event of the log with its batch and the key by which repeats are known."""

    key: bytes
    batch: int
    event: LogEvent


def tick(now: datetime | None = None, budget: float = BUDGET) -> int:
    """Fold all pending batches; how many events they held.

    Does nothing while someone else holds the lease. Stops at ``budget`` seconds,
    or when the lease is lost.
    """
    lease = acquire(now or timezone.now())
    if lease is None:
        return 0
    deadline = time.monotonic() + budget
    series: dict[SeriesKey, int] = {}
    done = 0
    try:
        while (batches := _next_chunk()) and time.monotonic() < deadline:
            started = time.monotonic()
            done += fold_chunk(batches, lease, series, now or timezone.now())
            _let_others_write(time.monotonic() - started)
    except Fenced:
        return done
    finally:
        lease.release(now or timezone.now())
    return done


def fold_chunk(
    batches: Sequence[EventBatch], lease: Lease, series: dict[SeriesKey, int], now: datetime
) -> int:
    """Fold some batches in one transaction; how many events they held."""
    events = [keyed for batch in batches for keyed in keyed_events(batch)]
    first = {keyed.key: keyed for keyed in reversed(events)}
    scope = Scope.at(now, {keyed.event.campaign for keyed in events})
    folded = scope.fold(first.values())
    with transaction.atomic():
        lease.renew(now)
        fresh = writes.claim_keys([(keyed.key, keyed.batch) for keyed in first.values()])
        if fresh is not None:  # rarely: some were repeats of older batches' events
            first = {key: keyed for key, keyed in first.items() if key in fresh}
            folded = scope.fold(first.values())
        _apply(folded, scope.campaigns, series)
        _mark(batches, first.values(), scope)
    return len(events)


@dataclass(frozen=True)
class Scope:
    """Which events the rollups take: recent enough, of a campaign that (still) exists."""

    horizon: int
    campaigns: dict[str, int]

    @classmethod
    def at(cls, now: datetime, campaigns: Iterable[str]) -> "Scope":
        return cls(cutoff(now), writes.campaign_ids(campaigns))

    def includes(self, event: LogEvent) -> bool:
        return event.at >= self.horizon and event.campaign in self.campaigns

    def fold(self, events: Iterable[Keyed]) -> Folded:
        channels = {channel.slug: channel for channel in all_channels()}
        return fold((keyed.event for keyed in events if self.includes(keyed.event)), channels)


def keyed_events(batch: EventBatch) -> list[Keyed]:
    """The events of a batch of the log, with their keys."""
    return [
        Keyed(event_key(batch.source_id, event.id), batch.pk, event)
        for event in decode(batch.payload)
    ]


def cutoff(now: datetime) -> int:
    """The instant (in microseconds) before which nothing is kept in buckets any more."""
    return int((now - RETENTION).timestamp()) * 1_000_000


def tiered(
    cells: dict[SeriesKey, dict[int, Cell]], ids: dict[SeriesKey, int]
) -> tuple[dict[writes.BucketKey, int], dict[writes.BucketKey, bytes]]:
    """Counts and sketches of cells, for the buckets of every tier."""
    counts: dict[writes.BucketKey, int] = defaultdict(int)
    profiles: dict[writes.BucketKey, set[int]] = defaultdict(set)
    for key, minutes in cells.items():
        for minute, cell in minutes.items():
            for tier in TIERS:
                bucket = (ids[key], tier, minute // tier * tier)
                counts[bucket] += cell.count
                if cell.profiles:
                    profiles[bucket] |= cell.profiles
    return counts, {bucket: sketch.build(members) for bucket, members in profiles.items()}


def _next_chunk() -> list[EventBatch]:
    pending = EventBatch.objects.filter(folded=False).order_by("pk")
    chunk: list[EventBatch] = []
    events = 0
    for pk, count in pending.values_list("pk", "count")[:CHUNK]:
        if chunk and events + count > CHUNK:
            break
        chunk.append(EventBatch(pk=pk))
        events += count
    return list(pending.filter(pk__in=[batch.pk for batch in chunk]))


def _apply(folded: Folded, campaigns: dict[str, int], series: dict[SeriesKey, int]) -> None:
    ids = writes.series_ids(folded.cells, campaigns, series)
    writes.add_to_buckets(*tiered(folded.cells, ids))
    writes.keep_latest_states(folded.states, campaigns)
    writes.note_spans(folded.spans, campaigns)


def _mark(batches: Sequence[EventBatch], fresh: Iterable[Keyed], scope: Scope) -> None:
    """Close the batches, with what became of each event of theirs."""
    kept: dict[int, int] = defaultdict(int)
    late: dict[int, int] = defaultdict(int)
    for keyed in fresh:
        kept[keyed.batch] += 1
        late[keyed.batch] += not scope.includes(keyed.event)
    for batch in batches:
        batch.folded = True
        batch.duplicates = batch.count - kept[batch.pk]
        batch.late = late[batch.pk]
    plain = [batch.pk for batch in batches if not (batch.duplicates or batch.late)]
    EventBatch.objects.filter(pk__in=plain).update(folded=True)
    EventBatch.objects.bulk_update(
        [batch for batch in batches if batch.duplicates or batch.late],
        ["folded", "duplicates", "late"],
    )


def _let_others_write(held: float) -> None:
    """SQLite's lock is not fair: leave ingest a gap before taking it again."""
    if connection.vendor == "sqlite":
        time.sleep(min(held, 0.02))
