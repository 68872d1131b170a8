"""Recounting the rollups from the event log, and mending what differs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from liveReport.engines import writes
from liveReport.models import (
    Bucket,
    Campaign,
    CampaignChannel,
    EventBatch,
    MessageState,
    SeenEvent,
    Series,
)

from . import sketch
from .commit import Keyed, Scope, keyed_events, tiered
from .fold import Cell, Folded, SeriesKey, State
from .lease import Lease, acquire

Value = tuple[int, int]
"""A bucket's count and its distinct profiles (0 where none are kept)."""


@dataclass(frozen=True)
class Difference:
    """A number of the rollups that a recount of the log does not confirm."""

    what: str
    expected: object
    found: object


@dataclass
class Recount:
    """What the folded batches of the log add up to."""

    scope: Scope
    cells: dict[SeriesKey, dict[int, Cell]] = field(default_factory=dict)
    states: dict[bytes, State] = field(default_factory=dict)

    def add(self, folded: Folded) -> None:
        for key, minutes in folded.cells.items():
            mine = self.cells.setdefault(key, {})
            for minute, cell in minutes.items():
                held = mine.setdefault(minute, Cell())
                held.count += cell.count
                held.profiles |= cell.profiles
        for message, state in folded.states.items():
            self.states[message] = max(state, self.states.get(message, state))


def verify(now: datetime | None = None, *, rebuild: bool = False) -> list[Difference]:
    """Recount every rollup and list the differences, mending them if asked to.

    Holds the fold's lease meanwhile, so that nothing moves; events keep arriving.
    """
    now = now or timezone.now()
    with _nothing_folding(now) as lease:
        recount = _recount(now, lease)
        return [
            *_compare_buckets(recount, lease, rebuild=rebuild),
            *_compare_states(recount, lease, rebuild=rebuild),
        ]


@contextmanager
def _nothing_folding(now: datetime, patience: float = 30) -> Iterator[Lease]:
    deadline = time.monotonic() + patience
    while (lease := acquire(now)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError("The fold's lease did not become free.")
        time.sleep(0.1)
        now = timezone.now()
    try:
        yield lease
    finally:
        lease.release(timezone.now())


def _recount(now: datetime, lease: Lease) -> Recount:
    slugs = Campaign.objects.values_list("slug", flat=True)
    recount = Recount(Scope.at(now, slugs))
    for batch in EventBatch.objects.filter(folded=True).order_by("pk").iterator(chunk_size=20):
        lease.renew(timezone.now())
        recount.add(recount.scope.fold(_counted(keyed_events(batch))))
    return recount


def _counted(events: list[Keyed]) -> Iterator[Keyed]:
    """The events that count in this batch: not repeats of it or of another one."""
    first = {keyed.key: keyed for keyed in reversed(events)}
    keys = list(first)
    for start in range(0, len(keys), 5_000):
        owners = SeenEvent.objects.filter(key__in=keys[start : start + 5_000])
        for key, batch in owners.values_list("key", "batch"):
            if first[bytes(key)].batch == batch:
                yield first[bytes(key)]


def _compare_buckets(recount: Recount, lease: Lease, *, rebuild: bool) -> list[Difference]:
    since = recount.scope.horizon // 1_000_000
    ids = _series_ids(recount)
    counts, sketches = tiered(recount.cells, ids)
    expected = {
        key: (count, _size(sketches.get(key))) for key, count in counts.items() if key[2] >= since
    }
    found = _stored(since)
    wrong = sorted(
        key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)
    )
    if rebuild and wrong:
        _replace(wrong, counts, sketches, lease)
    names = {pk: key for key, pk in ids.items()}
    return [
        Difference(
            f"{names[series]}, {tier} s from {start}",
            expected.get((series, tier, start)),
            found.get((series, tier, start)),
        )
        for series, tier, start in wrong
    ]


def _series_ids(recount: Recount) -> dict[SeriesKey, int]:
    """Of every series stored, and of those the recount finds missing."""
    fields = ("campaign__slug", "channel", "type", "dimension", "value", "execution", "pk")
    stored = {SeriesKey(*key): pk for *key, pk in Series.objects.values_list(*fields)}
    return writes.series_ids(recount.cells, recount.scope.campaigns, stored)


def _stored(since: int) -> dict[writes.BucketKey, Value]:
    """Every bucket that lies wholly after the horizon."""
    rows = Bucket.objects.filter(start__gte=since).values_list(
        "series_id", "tier", "start", "count", "sketch"
    )
    return {
        (series, tier, start): (count, _size(held))
        for series, tier, start, count, held in rows.iterator(chunk_size=2_000)
    }


def _size(held: bytes | memoryview | None) -> int:
    return sketch.estimate([held]).value if held else 0


def _replace(
    wrong: list[writes.BucketKey],
    counts: dict[writes.BucketKey, int],
    sketches: dict[writes.BucketKey, bytes],
    lease: Lease,
) -> None:
    with transaction.atomic():
        lease.renew(timezone.now())
        for series, tier, start in wrong:
            Bucket.objects.filter(series_id=series, tier=tier, start=start).delete()
        writes.add_to_buckets(
            {key: counts[key] for key in wrong if key in counts},
            {key: sketches[key] for key in wrong if key in sketches},
        )
        CampaignChannel.objects.update(version=F("version") + 1)


def _compare_states(recount: Recount, lease: Lease, *, rebuild: bool) -> list[Difference]:
    """Which messages are in a gauge's state, by the log and by the table."""
    expected = {key for key, state in recount.states.items() if state.waiting}
    rows = MessageState.objects.filter(waiting=True, at__gte=recount.scope.horizon)
    found = {bytes(key) for key in rows.values_list("key", flat=True)}
    wrong = sorted(expected ^ found)
    if rebuild and wrong:
        with transaction.atomic():
            lease.renew(timezone.now())
            for key in wrong:
                MessageState.objects.filter(key=key).delete()
            writes.keep_latest_states(
                {key: recount.states[key] for key in wrong if key in recount.states},
                recount.scope.campaigns,
            )
    return [
        Difference(f"message {key.hex()} waiting", key in expected, key in found) for key in wrong
    ]
