"""The fold: events in, what to add to the rollups out. Pure; knows no database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from liveReport.channels import Channel, Gauge
from liveReport.counts.buckets import Buckets
from liveReport.counts.cells import OTHER_EXECUTIONS, Cells, Run, SeriesKey, run_of
from liveReport.counts.edges import ends_of_runs, starts_of_runs
from liveReport.counts.folded import Folded
from liveReport.counts.sets import Sets
from liveReport.counts.sketch import hashes
from liveReport.counts.states import Latest, Span
from liveReport.events.batch import Events, Shape
from liveReport.events.columns import Mask
from liveReport.events.hashes import NO_MESSAGE, state_keys
from liveReport.events.judging import NO_RULES, Rules, judged

MINUTE = 60
_MINUTE_US = MINUTE * 1_000_000
_NONE = -1
"""The place of no series, and the number of no set."""


def fold(
    events: Events,
    channels: Mapping[str, Channel],
    outside: Collection[Run] = (),
    rules: Rules = NO_RULES,
) -> Folded:
    """Fold events that count, each of them once; those of executions ``outside`` as of one.

    ``rules`` say what is derived otherwise than channels declare it.
    """
    events = judged(events, channels, rules)
    if outside:
        events = _counted_together(events, outside)
    latest = [watch.latest(events) for watch in _watches(events.shapes, channels)]
    return Folded(_cells(events, channels), latest, _spans(events))


def _counted_together(events: Events, outside: Collection[Run]) -> Events:
    shapes = [
        shape._replace(execution=OTHER_EXECUTIONS) if run_of(shape) in outside else shape
        for shape in events.shapes
    ]
    return replace(events, shapes=shapes)


def _spans(events: Events) -> dict[Run, Span]:
    places: dict[Run, int] = {}
    runs = [places.setdefault(run_of(shape), len(places)) for shape in events.shapes]
    run = np.array(runs, np.int64)[events.shape]
    order = np.lexsort((events.at, run))
    run, at = run[order], events.at[order]
    first, last = starts_of_runs(run), ends_of_runs(run)
    names = list(places)
    found = (names[place] for place in run[first].tolist())
    return dict(zip(found, map(Span, at[first].tolist(), at[last].tolist()), strict=True))


def _cells(events: Events, channels: Mapping[str, Channel]) -> Cells:
    """Count events in every series they belong to: first by shape and minute, which are few."""
    minutes = _minutes(events)
    counted = set(minutes.series.tolist())
    belonging = [
        _series(shape, channels.get(shape.channel)) if place in counted else []
        for place, shape in enumerate(events.shapes)
    ]
    places: dict[SeriesKey, int] = {}
    parts = []
    for column in zip_longest(*belonging):  # the events as a whole, then by each dimension
        series = [places.setdefault(each[0], len(places)) if each else _NONE for each in column]
        sketched = np.array([bool(each and each[1]) for each in column], np.bool_)
        parts.append(_counted(minutes, series, sketched))
    return Cells(list(places), Buckets.joined(parts))


def _minutes(events: Events) -> Buckets:
    """The events by shape instead of series."""
    each = np.arange(len(events))
    start = events.at // _MINUTE_US * MINUTE
    profiles = Sets(each, hashes(events.profile))
    return Buckets(
        events.shape, np.full_like(each, MINUTE), start, np.ones_like(each), profiles
    ).united()


def _counted(minutes: Buckets, series: Sequence[int], sketched: Mask) -> Buckets:
    """Minutes of shapes as those of series, of which only some keep profiles."""
    number = np.where(sketched[minutes.series], np.arange(len(minutes)), _NONE)
    profiles = minutes.profiles.renumbered(number)
    whole = replace(minutes, profiles=profiles).of_series(series)
    return whole.where(whole.series != _NONE)


def _series(shape: Shape, channel: Channel | None) -> list[tuple[SeriesKey, bool]]:
    """The series that events of a shape belong to, and whether their profiles are kept."""
    kept = channel.sketched if channel else frozenset()
    return [
        (
            SeriesKey(shape.campaign, shape.channel, shape.type, dimension, value, shape.execution),
            (shape.type, dimension) in kept,
        )
        for dimension, value in (("", ""), *shape.dimensions)
    ]


@dataclass(frozen=True)
class _Watch:
    """What a gauge makes of events: a rank by shape, or none where it does not look."""

    channel: str
    gauge: Gauge
    ranks: Sequence[int | None]

    def latest(self, events: Events) -> Latest:
        """The state that the latest of some events leaves each message in."""
        watched = events.of_shapes(rank is not None for rank in self.ranks)
        watched &= events.messages != NO_MESSAGE
        places = np.flatnonzero(watched)
        shape, at = events.shape[places], events.at[places]
        rank = np.array([rank or 0 for rank in self.ranks], np.int64)[shape]
        execution = np.array([shape.execution for shape in events.shapes], np.int64)[shape]
        number: dict[str, int] = {}
        numbers = [number.setdefault(shape.campaign, len(number)) for shape in events.shapes]
        campaigns, campaign = list(number), np.array(numbers, np.int64)[shape]
        key = state_keys(self.gauge.key, events.messages[places])
        order = np.lexsort((execution, rank, at, key))
        last = order[ends_of_runs(key[order])]
        waiting = rank == list(self.gauge.latest_of).index(self.gauge.state)
        return Latest(
            self.channel,
            self.gauge.key,
            campaigns,
            campaign[last],
            key[last],
            at[last],
            rank[last],
            execution[last],
            waiting[last],
        )


def _watches(shapes: Sequence[Shape], channels: Mapping[str, Channel]) -> Iterator[_Watch]:
    """What each gauge makes of the events, of all campaigns together: there may be many."""
    for slug in sorted({shape.channel for shape in shapes}):
        channel = channels.get(slug)
        for gauge in channel.gauges if channel else ():
            order = list(gauge.latest_of)
            ranks = [
                order.index(shape.type) if shape.channel == slug and shape.type in order else None
                for shape in shapes
            ]
            if any(rank is not None for rank in ranks):
                yield _Watch(slug, gauge, ranks)
