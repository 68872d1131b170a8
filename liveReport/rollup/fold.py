"""The fold: events in, what to add to the rollups out. Pure; knows no database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from liveReport.channels import Channel
from liveReport.ingest.payload import LogEvent
from liveReport.ingest.pseudonym import message_key

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


@dataclass
class Folded:
    """Everything a set of events adds."""

    cells: dict[SeriesKey, dict[int, Cell]] = field(default_factory=dict)
    """By series, then by the second at which the minute starts."""
    states: dict[bytes, State] = field(default_factory=dict)
    spans: dict[tuple[str, str, int], Span] = field(default_factory=dict)
    """By campaign, channel and execution (0 without one)."""


def fold(events: Iterable[LogEvent], channels: Mapping[str, Channel]) -> Folded:
    """Fold events that count, each of them once.

    Events of the same shape (all but profile, message and id alike) are grouped
    first: of a large send there are few shapes, and the rest is done by shape.
    """
    shapes: dict[tuple[object, ...], list[LogEvent]] = defaultdict(list)
    for event in events:
        shapes[
            event.campaign,
            event.channel,
            event.type,
            event.execution,
            event.at // _MINUTE_US,
            *event.dimensions.items(),
        ].append(event)
    folded = Folded()
    for group in shapes.values():
        _count(folded, group, channels.get(group[0].channel))
        _watch(folded, group, channels.get(group[0].channel))
    return folded


def _count(folded: Folded, group: list[LogEvent], channel: Channel | None) -> None:
    """Add a group of one shape to the series it belongs to."""
    event = group[0]
    minute = event.at // _MINUTE_US * MINUTE
    sketched = channel.sketched if channel else frozenset()
    for dimension, value in (("", ""), *event.dimensions.items()):
        series = SeriesKey(
            event.campaign, event.channel, event.type, dimension, value, event.execution
        )
        cell = folded.cells.setdefault(series, {}).setdefault(minute, Cell())
        cell.count += len(group)
        if (event.type, dimension) in sketched:
            cell.profiles.update([member.profile for member in group])


def _watch(folded: Folded, group: list[LogEvent], channel: Channel | None) -> None:
    """Note when the group occurred, and the state its messages are in for each gauge."""
    event = group[0]
    times = [member.at for member in group]
    span = folded.spans.setdefault(
        (event.campaign, event.channel, event.execution), Span(times[0], times[0])
    )
    span.include(min(times))
    span.include(max(times))
    for gauge in channel.gauges if channel else ():
        if event.type in gauge.latest_of:
            rank = list(gauge.latest_of).index(event.type)
            waiting = event.type == gauge.state
            _keep_latest(folded.states, group, gauge.key, rank, waiting=waiting)


def _keep_latest(
    states: dict[bytes, State], group: list[LogEvent], gauge: str, rank: int, *, waiting: bool
) -> None:
    for event in group:
        if event.message:
            key = message_key(event.campaign, event.channel, gauge, event.message)
            state = State(
                event.at, rank, event.campaign, event.channel, gauge, event.execution, waiting
            )
            if key not in states or states[key] < state:
                states[key] = state
