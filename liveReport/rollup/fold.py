"""The fold: events in, what to add to the rollups out. Pure; knows no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from liveReport.channels import Channel, Gauge
from liveReport.ingest.payload import Column, Events, Mask, Shape
from liveReport.ingest.pseudonym import message_keys

MINUTE = 60
_MINUTE_US = MINUTE * 1_000_000


class SeriesKey(NamedTuple):
    """What a series counts; the campaign by its slug (see ``models.Series``)."""

    campaign: str
    channel: str
    type: str
    dimension: str
    value: str
    execution: int


@dataclass
class Cell:
    """The events of one series in one minute, and the profiles they happened to."""

    count: int = 0
    profiles: set[int] = field(default_factory=set)


class State(NamedTuple):
    """The latest event of a message that a gauge watches. Greater is later."""

    at: int
    rank: int
    campaign: str
    channel: str
    gauge: str
    execution: int
    waiting: bool


@dataclass
class Span:
    """When the first and last of some events occurred, in microseconds."""

    first: int
    last: int

    def include(self, at: int) -> None:
        self.first = min(self.first, at)
        self.last = max(self.last, at)


@dataclass(frozen=True, eq=False)
class Latest:
    """The latest event of each message that a gauge watches, column by column, by key."""

    campaign: str
    channel: str
    gauge: str
    key: Column
    at: Column
    rank: Column
    execution: Column
    waiting: Mask

    def states(self) -> Iterator[tuple[int, State]]:
        """The messages' keys, each with its state."""
        columns = (self.at, self.rank, self.execution, self.waiting)
        for key, at, rank, execution, waiting in zip(
            self.key.tolist(), *(column.tolist() for column in columns), strict=True
        ):
            watch = self.campaign, self.channel, self.gauge
            yield key, State(at, rank, *watch, execution, waiting)


def columns_of(states: Mapping[int, State]) -> Iterator[Latest]:
    """States by message, column by column, for each gauge. The inverse of ``Latest.states``."""
    watches: dict[tuple[str, str, str], list[int]] = {}
    for key, state in sorted(states.items()):
        watches.setdefault((state.campaign, state.channel, state.gauge), []).append(key)
    for watch, keys in watches.items():
        held = [states[key] for key in keys]
        yield Latest(
            *watch,
            np.array(keys, np.int64),
            np.array([state.at for state in held], np.int64),
            np.array([state.rank for state in held], np.int64),
            np.array([state.execution for state in held], np.int64),
            np.array([state.waiting for state in held], np.bool_),
        )


@dataclass
class Folded:
    """Everything a set of events adds."""

    cells: dict[SeriesKey, dict[int, Cell]] = field(default_factory=dict)
    """By series, then by the second at which the minute starts."""
    latest: list[Latest] = field(default_factory=list)
    spans: dict[tuple[str, str, int], Span] = field(default_factory=dict)
    """By campaign, channel and execution (0 without one)."""


def fold(events: Events, channels: Mapping[str, Channel]) -> Folded:
    """Fold events that count, each of them once.

    The work is done by groups of one shape and minute: of a large send there are few.
    """
    folded = Folded()
    if len(events):
        _count(folded, events, channels)
    for watch in _watches(events.shapes, channels):
        folded.latest.append(watch.latest(events))
    return folded


class _Group(NamedTuple):
    """The events of one shape in one minute, which starts at this second."""

    shape: int
    minute: int
    at: Column
    profile: Column


def _groups(events: Events) -> Iterator[_Group]:
    minute = events.at // _MINUTE_US
    order = np.lexsort((minute, events.shape))
    shape, minute = events.shape[order], minute[order]
    starts = _starts_of_runs(shape, minute)
    yield from map(
        _Group,
        shape[starts].tolist(),
        (minute[starts] * MINUTE).tolist(),
        np.split(events.at[order], starts[1:]),
        np.split(events.profile[order], starts[1:]),
    )


def _changes(*columns: Column) -> Column:
    """The places of rows that differ from the one after them."""
    differ = [column[1:] != column[:-1] for column in columns]
    return np.flatnonzero(np.logical_or.reduce(differ))


def _starts_of_runs(*columns: Column) -> Column:
    """Where a run of equal rows begins."""
    return np.concatenate(([0], _changes(*columns) + 1))[: len(columns[0])]


def _ends_of_runs(*columns: Column) -> Column:
    """Where a run of equal rows ends."""
    return np.concatenate((_changes(*columns), [len(columns[0]) - 1]))[: len(columns[0])]


def _count(folded: Folded, events: Events, channels: Mapping[str, Channel]) -> None:
    """Add every group to the series it belongs to, and note when it occurred."""
    series = [_series(shape, channels.get(shape.channel)) for shape in events.shapes]
    for group in _groups(events):
        shape = events.shapes[group.shape]
        first, last = int(group.at.min()), int(group.at.max())
        run = shape.campaign, shape.channel, shape.execution
        span = folded.spans.setdefault(run, Span(first, last))
        span.include(first)
        span.include(last)
        for key, sketched in series[group.shape]:
            cell = folded.cells.setdefault(key, {}).setdefault(group.minute, Cell())
            cell.count += len(group.at)
            if sketched:
                cell.profiles.update(group.profile.tolist())


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

    campaign: str
    channel: str
    gauge: Gauge
    ranks: Sequence[int | None]

    def latest(self, events: Events) -> Latest:
        """The state that the latest of some events leaves each message in."""
        watched = events.of_shapes(rank is not None for rank in self.ranks)
        watched &= np.fromiter(map(bool, events.messages), np.bool_, len(events))
        places = np.flatnonzero(watched)
        shape, at = events.shape[places], events.at[places]
        rank = np.array([rank or 0 for rank in self.ranks], np.int64)[shape]
        execution = np.array([shape.execution for shape in events.shapes], np.int64)[shape]
        messages = [events.messages[place] for place in places.tolist()]
        watch = self.campaign, self.channel, self.gauge.key
        key = message_keys(*watch, messages)
        order = np.lexsort((execution, rank, at, key))
        last = order[_ends_of_runs(key[order])]
        state = list(self.gauge.latest_of).index(self.gauge.state)
        waiting = rank == state
        return Latest(*watch, key[last], at[last], rank[last], execution[last], waiting[last])


def _watches(shapes: Sequence[Shape], channels: Mapping[str, Channel]) -> Iterator[_Watch]:
    for campaign, slug in sorted({(shape.campaign, shape.channel) for shape in shapes}):
        channel = channels.get(slug)
        for gauge in channel.gauges if channel else ():
            order = list(gauge.latest_of)
            ranks = [
                order.index(shape.type)
                if (shape.campaign, shape.channel) == (campaign, slug) and shape.type in order
                else None
                for shape in shapes
            ]
            if any(rank is not None for rank in ranks):
                yield _Watch(campaign, slug, gauge, ranks)
