"""The events behind a number: found in the log, newest first, and counted.

A number is of the batches that were folded by a moment, of repeats the copy that counted, and
of a value from the fold on in which it came to be counted apart. So is what is found here. The
minutes in which anything was counted say which batches to open; how many events there are is
summed from the buckets as long as these are kept, less what was folded since.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import numpy as np

from liveReport.channels import OTHER, Channel, channels_by_slug
from liveReport.counts.cells import OTHER_EXECUTIONS
from liveReport.counts.tiers import TIERS, Range, cover
from liveReport.events import former
from liveReport.events.batch import Events, LogEvent, Shape
from liveReport.events.columns import Ints, Mask, firsts
from liveReport.events.judging import Rules, judged
from liveReport.events.limits import cutoff
from liveReport.events.moments import moment
from liveReport.models import BatchCampaign, Campaign, EventBatch

from . import reads, verdicts
from .keys import periods
from .keys.periods import Periods

EFFORT = 2_000
"""What a page may cost, in batches: a hundred events in one cost as much as to open it. For every
event of the page it may be one more."""
TOGETHER = 64
"""Batches that are read at once, if the first few were not enough."""
PORTION = 1_000
"""Batches whose times are read at once."""
FEW = 50
"""Series of which the minutes are asked for; of more, the quarters of an hour."""
_MINUTE = 60
_SECOND_US = 1_000_000

Kind = tuple[str, str]
"""A channel and an event type."""
Value = tuple[str, str]
"""A dimension and the value of it that events have; both are empty for any event."""
_ANY: Value = ("", "")


@dataclass(frozen=True)
class Search:
    """What events to find: of one campaign, of some ``kinds``, and of all that is given besides.

    ``since`` and ``until`` are whole minutes in seconds, the latter is not included. ``executions``
    are in microseconds, 0 for events without one; none are all. ``as_of`` is the number of the
    last fold whose events are found. No value is given twice.
    """

    campaign: Campaign
    kinds: frozenset[Kind]
    since: int
    until: int
    values: tuple[Value, ...] = ()
    executions: frozenset[int] = frozenset()
    as_of: int = 2**63 - 1

    def matches(self, events: Events) -> Mask:
        """Which events say what is searched for. Pure."""
        found = events.of_shapes(map(self._takes, events.shapes))
        found &= events.at >= self.since * _SECOND_US
        found &= events.at < self.until * _SECOND_US
        return found

    def _takes(self, shape: Shape) -> bool:
        return (
            shape.campaign == self.campaign.slug
            and (shape.channel, shape.type) in self.kinds
            and (not self.executions or shape.execution in self.executions)
            and all(value in shape.dimensions for value in self.values)
        )


class Cursor(NamedTuple):
    """Where to go on: in this batch, or the next that is older, behind so many of its events."""

    batch: int
    passed: int


class Found(NamedTuple):
    """An event that counted, and the batch that it is in."""

    batch: int
    received_at: datetime
    event: LogEvent


class Page(NamedTuple):
    """Events, by when they were received and then by when they occurred, newest first.

    No ``cursor``: there are no more. With one there can be fewer than were asked for, even none:
    so many batches were opened that the rest is for another page.
    """

    events: list[Found]
    cursor: Cursor | None


class _Batch(NamedTuple):
    """A batch that is opened: its events, and what the fold has said of it."""

    pk: int
    received_at: datetime
    fold: int | None
    duplicates: int
    late: int
    events: Events


def find(search: Search, most: int, now: datetime, cursor: Cursor | None = None) -> Page:
    """At most so many of the events, and where to go on. Call inside ``sql.snapshot``."""
    hunt = _Hunt(search, now)
    found: list[Found] = []
    effort = EFFORT + most
    for batch in hunt.batches(cursor):
        order = _latest_first(batch.events)
        passed = cursor.passed if cursor and cursor.batch == batch.pk else 0
        left = order[passed:]
        matching = np.flatnonzero(hunt.counted(batch)[left])
        room = most - len(found)
        events = batch.events.take(left[matching[:room]])
        found += (Found(batch.pk, batch.received_at, event) for event in events)
        if len(matching) > room:
            return Page(found, Cursor(batch.pk, passed + int(matching[room])))
        effort -= 1 + len(order) // 100
        if effort <= 0:
            return Page(found, Cursor(batch.pk - 1, 0))
    return Page(found, None)


def count(search: Search, now: datetime) -> int:
    """How many there are. Call inside ``sql.snapshot``."""
    hunt = _Hunt(search, now)
    if not hunt.is_in_buckets:
        return hunt.events()
    later = _Hunt(replace(search, as_of=Search.as_of), now, hunt.folded_since)
    return hunt.in_buckets - later.events()


def _latest_first(events: Events) -> Ints:
    """The places of a batch's events: those that occurred last, and of these the last, first."""
    return np.lexsort((np.arange(len(events)), events.at))[::-1]


@dataclass(frozen=True, eq=False)
class _Hunt:
    """One search: the series that it is about, what they say, and the batches that can match.

    ``only`` are the ids of the batches to look into, if not all.
    """

    search: Search
    now: datetime
    only: frozenset[int] | None = None

    # -- What is counted of it ----------------------------------------------------------------

    @cached_property
    def is_in_buckets(self) -> bool:
        """Whether the buckets say how many there are: they tell no two dimensions apart, and
        nothing of what is not counted apart."""
        return self._has_buckets and len(self._values) < 2 and not self._mixed

    @cached_property
    def in_buckets(self) -> int:
        """The events that the buckets have by now."""
        ids = [row.pk for rows in self._apart.values() for row in rows.values()]
        return sum(reads.counts(ids, list(cover(self.search.since, self.search.until))).values())

    def events(self) -> int:
        """The events that the log has."""
        return sum(int(self.counted(batch).sum()) for batch in self.batches())

    @property
    def _has_buckets(self) -> bool:
        """Whether no bucket of the time that is asked about is gone."""
        return self.search.since * _SECOND_US >= cutoff(self.now)

    @property
    def _values(self) -> tuple[Value, ...]:
        return self.search.values or (_ANY,)

    @cached_property
    def _apart(self) -> Mapping[tuple[Kind, Value], Mapping[int, reads.SeriesOfValue]]:
        """The series that count events of a kind and value, by the runs that are asked for."""
        runs = self.search.executions
        return {
            (kind, (dimension, text)): {
                row.execution: row
                for row in self._series.get((*kind, dimension), ())
                if row.value == text and (not runs or row.execution in runs)
            }
            for kind in self.search.kinds
            for dimension, text in self._values
        }

    @cached_property
    def _mixed(self) -> frozenset[Value]:
        """Values whose events have no series of their own, and may be among others'."""
        told = {value for (_kind, value), rows in self._apart.items() if rows}
        common = {
            dimension
            for (_channel, _type, dimension), rows in self._series.items()
            for row in rows
            if row.value == OTHER or (self.search.executions and row.execution == OTHER_EXECUTIONS)
        }
        return frozenset(
            value for value in self._values if value not in told and value[0] in common
        )

    @cached_property
    def _series(self) -> Mapping[tuple[str, str, str], list[reads.SeriesOfValue]]:
        """All of the values that are asked for, of the events as a whole, and of other values: by
        channel, type and dimension."""
        asked = {*self.search.values, _ANY}
        values = {value for _dimension, value in asked} | {OTHER}
        found: dict[tuple[str, str, str], list[reads.SeriesOfValue]] = {}
        for channel in sorted({channel for channel, _kind in self.search.kinds}):
            kinds = sorted(kind for of, kind in self.search.kinds if of == channel)
            pairs = [(kind, dimension) for kind in kinds for dimension, _value in sorted(asked)]
            for row in reads.series_of_values(self.search.campaign.pk, channel, pairs, values):
                found.setdefault((channel, row.type, row.dimension), []).append(row)
        return found

    @cached_property
    def _minutes(self) -> Ints | None:
        """The minutes in which there can be any, by their starts, sorted; ``None`` for all."""
        if not self._has_buckets:
            return None
        values = [value for value in self.search.values if value not in self._mixed]
        return np.unique(
            np.concatenate(
                [np.empty(0, np.int64), *(self._minutes_of(k, values) for k in self.search.kinds)]
            )
        )

    def _minutes_of(self, kind: Kind, values: Sequence[Value]) -> Ints:
        """Those in which there was something of a kind and of each of some values."""
        each = [self._starts(kind, value) for value in values or (_ANY,)]
        both = each[0]
        for minutes in each[1:]:
            both = np.intersect1d(both, minutes)
        return both

    def _starts(self, kind: Kind, value: Value) -> Ints:
        ids = [row.pk for row in self._series.get((*kind, value[0]), ()) if row.value == value[1]]
        tier = _MINUTE if len(ids) <= FEW else TIERS[1]
        since = self.search.since // tier * tier
        starts = np.array(reads.starts(ids, Range(tier, since, self.search.until)), np.int64)
        return np.add.outer(starts, np.arange(0, tier, _MINUTE)).ravel()

    # -- Which batches --------------------------------------------------------------------------

    def batches(self, cursor: Cursor | None = None) -> Iterator[_Batch]:
        """Those that can have events that match, opened one by one, newest first."""
        folded = (pk for pk in self._candidates(cursor) if pk not in self._unfolded)
        size = 1
        while portion := list(islice(folded, size)):
            for batch in _opened(portion):
                yield batch._replace(events=judged(batch.events, self._channels, self._rules))
            size = min(2 * size, TOGETHER)

    @cached_property
    def _channels(self) -> Mapping[str, Channel]:
        return channels_by_slug()

    @cached_property
    def _rules(self) -> Rules:
        """By which what events do not say outright is derived: numbers are counted by these."""
        return verdicts.in_force()

    @cached_property
    def folded_since(self) -> frozenset[int]:
        """The ids of the batches that were folded after the moment that is asked about."""
        later = EventBatch.objects.filter(folded_at__gt=self.search.as_of).order_by()
        return frozenset(later.values_list("pk", flat=True))

    @cached_property
    def _unfolded(self) -> frozenset[int]:
        """Those that were not folded by then."""
        pending = EventBatch.objects.filter(folded=False).order_by()
        return self.folded_since | frozenset(pending.values_list("pk", flat=True))

    def _candidates(self, cursor: Cursor | None) -> Iterator[int]:
        """The ids of batches of the campaign with events in minutes that are asked for."""
        if self.only is not None and not self.only:
            return
        before = cursor.batch + 1 if cursor else None
        while True:
            rows, before = self._portion(before)
            for pk, first, last in rows:
                if (self.only is None or pk in self.only) and self._can_match(first, last):
                    yield pk
            if before is None or (self.only and before <= min(self.only)):
                return

    def _portion(self, before: int | None) -> tuple[list[tuple[int, int, int]], int | None]:
        """Batches with an id below this one, newest first, and below which one to go on."""
        found: set[tuple[int, int, int]] = set()
        ends: list[int] = []
        for model, name in ((EventBatch, "pk"), (BatchCampaign, "batch")):
            rows = model.objects.filter(
                campaign=self.search.campaign.slug,
                last_at__gte=self.search.since * _SECOND_US,
                first_at__lt=self.search.until * _SECOND_US,
            ).order_by(f"-{name}")
            if before is not None:
                rows = rows.filter(**{f"{name}__lt": before})
            part = list(rows.values_list(name, "first_at", "last_at")[:PORTION])
            found.update(part)
            if len(part) == PORTION:
                ends.append(part[-1][0])
        end = max(ends, default=None)
        return sorted((row for row in found if end is None or row[0] >= end), reverse=True), end

    def _can_match(self, first: int, last: int) -> bool:
        """Whether anything was counted in the minutes that a batch's events are of."""
        minutes = self._minutes
        if minutes is None:
            return True
        place = np.searchsorted(minutes, first // _SECOND_US // _MINUTE * _MINUTE)
        return bool(place < len(minutes) and minutes[place] * _SECOND_US <= last)

    # -- Which events ---------------------------------------------------------------------------

    def counted(self, batch: _Batch) -> Mask:
        """Which events of a batch match, and have counted where the number counts them."""
        events = batch.events
        found = self.search.matches(events)
        if batch.fold is not None:
            if self._has_buckets and (self.search.values or self.search.executions):
                found &= events.of_shapes(self._is_told(s, batch.fold) for s in events.shapes)
            if batch.late:
                found &= events.at >= cutoff(moment(batch.fold))
        if batch.duplicates and found.any():
            found &= firsts(events.ids)
            found[found] = self._owns(batch.pk, events.ids[found])
        return found

    def _is_told(self, shape: Shape, fold: int) -> bool:
        """Whether a fold has counted events of a shape apart, by each value that is asked for."""
        kind = shape.channel, shape.type
        if kind not in self.search.kinds:
            return False
        return all(
            value in self._mixed or self._is_apart(kind, value, shape.execution, fold)
            for value in self._values
        )

    def _is_apart(self, kind: Kind, value: Value, execution: int, fold: int) -> bool:
        apart = self._apart[kind, value]
        if execution in apart:
            return apart[execution].since <= fold
        # What runs without a series of their own hold moves there at any time.
        return OTHER_EXECUTIONS in apart

    def _owns(self, batch: int, keys: Ints) -> Mask:
        """Of some events of a batch, none twice, whether no other batch brought them first."""
        order = np.argsort(keys)
        owners = np.empty(len(keys), np.int64)
        owners[order] = self._periods.owners(keys[order])
        owned: Mask = (owners == batch) | (owners == periods.NOBODY)
        return owned

    @cached_property
    def _periods(self) -> Periods:
        return periods.as_stored()


def _opened(ids: Sequence[int]) -> Iterator[_Batch]:
    """Batches in this order, but for those that were pruned meanwhile."""
    columns = ("pk", "received_at", "folded_at", "duplicates", "late", "source_id", "payload")
    rows = {row[0]: row for row in EventBatch.objects.filter(pk__in=ids).values_list(*columns)}
    for pk in ids:
        if pk in rows:
            _pk, received_at, fold, duplicates, late, source, payload = rows[pk]
            events = former.read(payload, source)
            yield _Batch(pk, received_at, fold, duplicates, late, events)
