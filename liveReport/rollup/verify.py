"""Recounting the rollups from the event log, and mending what differs."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import blake2b

import numpy as np
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from liveReport.counts import sketch
from liveReport.counts.buckets import BucketKey, Buckets
from liveReport.counts.cells import OTHER_EXECUTIONS, Cells, Group, Place, Run, SeriesKey, run_of
from liveReport.counts.states import State, columns_of
from liveReport.engines import executions, writes
from liveReport.engines.keys import periods
from liveReport.engines.lease import Lease, acquire
from liveReport.models import (
    Bucket,
    Campaign,
    CampaignChannel,
    EventBatch,
    MessageState,
    Series,
)

from .tick import Chunk, Scope

PAGE = 20
"""Batches of the log to hold in memory."""


@dataclass(frozen=True)
class Value:
    """A bucket: its events, its distinct profiles (``None`` if unreadable), and who they are."""

    count: int
    profiles: int | None
    digest: str


NOTHING = Value(0, 0, "")
Values = Mapping[BucketKey, Value]


@dataclass(frozen=True)
class Difference:
    """A number of the rollups that a recount of the log does not confirm."""

    what: str
    expected: object
    found: object


@dataclass
class Recount:
    """What the folded batches of the log add up to.

    Where values or executions were too many to be kept apart, those that are not are
    counted together here as well.
    """

    scope: Scope
    stored: Mapping[SeriesKey, int]
    apart: Collection[Run]
    """The executions that are counted apart."""
    parts: list[Cells] = field(default_factory=list)
    states: dict[int, State] = field(default_factory=dict)

    def add(self, chunk: Chunk) -> None:
        shapes = {run_of(shape) for shape in chunk.events.shapes}
        folded = self.scope.fold(chunk, {run for run in shapes if self._is_outside(run)})
        self.parts.append(folded.cells.renamed(self._place))
        while len(self.parts) > 1 and len(self.parts[-2]) < 2 * len(self.parts[-1]):
            self.parts[-2:] = [Cells.joined(self.parts[-2:])]  # each row but a few times
        for latest in folded.latest:
            for message, state in latest.states():
                self.states[message] = max(state, self.states.get(message, state))

    @cached_property
    def capped(self) -> set[Place]:
        """The channels some of whose executions are, or were, not counted apart."""
        return {key.run.place for key in self.stored if key.execution == OTHER_EXECUTIONS}

    def confirms(self, message: int, found: State) -> bool:
        """Whether that is the message's state.

        Where executions come and go, who was apart when decides which of them it is in.
        """
        right = self.states.get(message)
        if right and (found.campaign, found.channel) in self.capped:
            found = found._replace(execution=right.execution)
        return found == right

    def family(self, key: SeriesKey) -> Group:
        """The series that events of a key may be counted in, depending on who was apart then."""
        group = Group.of(key)
        if key.execution and key.run.place in self.capped:
            return group._replace(execution=OTHER_EXECUTIONS)
        return group

    def _is_outside(self, run: Run) -> bool:
        return bool(run.execution) and run.place in self.capped and run not in self.apart

    def _place(self, key: SeriesKey) -> SeriesKey:
        other = Group.of(key).other
        return other if key not in self.stored and other in self.stored else key


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
        lease.release()


def _recount(now: datetime, lease: Lease) -> Recount:
    campaigns = Campaign.objects.values_list("slug", flat=True)
    scope = Scope.at(now, campaigns)
    recount = Recount(scope, _stored_series(), executions.apart(scope.campaigns))
    alive = periods.load(now)
    for batch in _folded_batches():
        lease.renew(timezone.now())
        recount.add(Chunk.of([batch]).owned(alive))
    return recount


def _folded_batches() -> Iterator[EventBatch]:
    """Page by page: SQLite lets nobody write who is still reading what others have changed."""
    last = 0
    folded = EventBatch.objects.filter(folded=True).order_by("pk")
    while page := list(folded.filter(pk__gt=last)[:PAGE]):
        yield from page
        last = page[-1].pk


def _stored_series() -> dict[SeriesKey, int]:
    fields = ("campaign__slug", "channel", "type", "dimension", "value", "execution", "pk")
    return {SeriesKey(*key): pk for *key, pk in Series.objects.values_list(*fields)}


def _compare_buckets(recount: Recount, lease: Lease, *, rebuild: bool) -> list[Difference]:
    since = recount.scope.horizon // 1_000_000
    cells = Cells.joined(recount.parts)
    with transaction.atomic():
        ids = writes.series_ids(cells.keys, recount.scope.campaigns, recount.stored)
    counted = cells.buckets(ids)
    expected = _values(counted.where(counted.start >= since))
    found = _stored(since)
    wrong = {key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)}
    names = {pk: key for key, pk in ids.items()}
    wrong -= _late_admissions(wrong, recount, names, expected, found)
    if rebuild and wrong:
        _replace(sorted(wrong), counted, lease)
    return [
        Difference(
            f"{names[series]}, {tier} s from {start}",
            expected.get((series, tier, start)),
            found.get((series, tier, start)),
        )
        for series, tier, start in sorted(wrong)
    ]


def _late_admissions(
    wrong: set[BucketKey],
    recount: Recount,
    names: Mapping[int, SeriesKey],
    expected: Values,
    found: Values,
) -> set[BucketKey]:
    """Buckets that differ only in when a value or an execution came to be counted apart.

    What they lack is in the buckets of all others: their sum is right.
    """
    families = {series: recount.family(names[series]) for series, _tier, _start in wrong}
    balance: dict[tuple[Group, int, int], int] = defaultdict(int)
    moved: set[tuple[Group, int, int]] = set()
    excess: set[tuple[Group, int, int]] = set()
    for series, tier, start in wrong:
        place = families[series], tier, start
        right = expected.get((series, tier, start), NOTHING).count
        held = found.get((series, tier, start), NOTHING).count
        balance[place] += held - right
        if held < right:
            moved.add(place)
        if held > right and not names[series].is_common:
            excess.add(place)
    excused = {place for place in moved - excess if not balance[place]}
    return {key for key in wrong if (families[key[0]], key[1], key[2]) in excused}


def _stored(since: int) -> dict[BucketKey, Value]:
    """Every bucket that lies wholly after the horizon."""
    rows = Bucket.objects.filter(start__gte=since).values_list(
        "series_id", "tier", "start", "count", "sketch"
    )
    return {
        (series, tier, start): _value(count, held)
        for series, tier, start, count, held in rows.iterator(chunk_size=2_000)
    }


def _values(buckets: Buckets) -> Values:
    sketches = buckets.profiles.sketched()
    return {
        key: _value(count, sketches.get(place))
        for place, (key, count) in enumerate(
            zip(buckets.bucket_keys(), buckets.count.tolist(), strict=True)
        )
    }


def _value(count: int, held: bytes | memoryview | None) -> Value:
    if held is None:
        return Value(count, 0, "")
    try:
        profiles = sketch.estimate([held]).value
    except (IndexError, RuntimeError, ValueError):  # not a sketch (any more)
        profiles = None
    return Value(count, profiles, blake2b(held, digest_size=8).hexdigest())


def _replace(wrong: list[BucketKey], counted: Buckets, lease: Lease) -> None:
    with transaction.atomic():
        lease.renew(timezone.now())
        for series, tier, start in wrong:
            Bucket.objects.filter(series_id=series, tier=tier, start=start).delete()
        alive = writes.alive_series({series for series, _tier, _start in wrong})
        mended = {key for key in wrong if key[0] in alive}
        mends = np.array([key in mended for key in counted.bucket_keys()], np.bool_)
        writes.add_to_buckets(counted.where(mends))
        _show_anew()


def _compare_states(recount: Recount, lease: Lease, *, rebuild: bool) -> list[Difference]:
    """The state of each message, by the log and by the table."""
    fields = ("key", "at", "rank", "campaign__slug", "channel", "gauge", "execution", "waiting")
    rows = MessageState.objects.filter(at__gte=recount.scope.horizon).values_list(*fields)
    missing = dict.fromkeys(recount.states)
    wrong: dict[int, State | None] = {}
    for key, *state in rows.iterator(chunk_size=2_000):
        missing.pop(key, None)
        if not recount.confirms(key, found := State(*state)):
            wrong[key] = found
    wrong.update(missing)
    if rebuild and wrong:
        _replace_states(recount, sorted(wrong), lease)
    return [
        Difference(f"message {key}", recount.states.get(key), wrong[key]) for key in sorted(wrong)
    ]


def _replace_states(recount: Recount, wrong: list[int], lease: Lease) -> None:
    with transaction.atomic():
        lease.renew(timezone.now())
        MessageState.objects.filter(key__in=wrong).delete()
        held = periods.load(timezone.now())
        right = {key: recount.states[key] for key in wrong if key in recount.states}
        for latest in columns_of(right):
            writes.keep_latest(latest, recount.scope.campaigns, held)
        _show_anew()


def _show_anew() -> None:
    """Pages that show the old numbers are told that there are others."""
    CampaignChannel.objects.update(version=F("version") + 1)
