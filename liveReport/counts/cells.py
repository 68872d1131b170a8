"""What events add to the minutes of series, before these have ids."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from liveReport.channels import OTHER
from liveReport.events.batch import Shape

from .buckets import Buckets

Place = tuple[str, str]
"""A campaign, by its slug, and a channel."""

OTHER_EXECUTIONS = -1
"""Stands for all executions of a channel that are not counted apart (see ``rollup.admission``)."""


class Run(NamedTuple):
    """An execution of a campaign's channel, by its start in microseconds since 1970."""

    campaign: str
    channel: str
    execution: int

    @property
    def place(self) -> Place:
        return self.campaign, self.channel


def run_of(shape: Shape) -> Run:
    """The execution that events of a shape belong to."""
    return Run(shape.campaign, shape.channel, shape.execution)


class SeriesKey(NamedTuple):
    """What a series counts; the campaign by its slug (see ``models.Series``)."""

    campaign: str
    channel: str
    type: str
    dimension: str
    value: str
    execution: int

    @property
    def run(self) -> Run:
        return Run(self.campaign, self.channel, self.execution)

    @property
    def is_common(self) -> bool:
        """Whether it counts what others do not that are counted apart."""
        return self.value == OTHER or self.execution == OTHER_EXECUTIONS


class Group(NamedTuple):
    """Series that differ in nothing but their dimension's value."""

    campaign: str
    channel: str
    type: str
    dimension: str
    execution: int

    @classmethod
    def of(cls, key: SeriesKey) -> "Group":
        return cls(key.campaign, key.channel, key.type, key.dimension, key.execution)

    @property
    def other(self) -> SeriesKey:
        return self.series(OTHER)

    def series(self, value: str) -> SeriesKey:
        return SeriesKey(*self[:4], value, self.execution)


@dataclass(frozen=True, eq=False)
class Cells:
    """The events of series by minute. The series of ``minutes`` are places in ``keys``."""

    keys: Sequence[SeriesKey]
    minutes: Buckets

    @classmethod
    def joined(cls, parts: Sequence["Cells"]) -> "Cells":
        """The events of all parts, those of one series and minute together."""
        places: dict[SeriesKey, int] = {}
        moved = [
            part.minutes.of_series([places.setdefault(key, len(places)) for key in part.keys])
            for part in parts
        ]
        return cls(list(places), Buckets.joined(moved).united())

    def __len__(self) -> int:
        return len(self.minutes) + len(self.minutes.profiles)

    def renamed(self, name: Callable[[SeriesKey], SeriesKey]) -> "Cells":
        """The events counted in other series."""
        places: dict[SeriesKey, int] = {}
        series = [places.setdefault(name(key), len(places)) for key in self.keys]
        return Cells(list(places), self.minutes.of_series(series))

    def events(self) -> list[int]:
        """How many each series has."""
        counts = np.zeros(len(self.keys), np.int64)
        np.add.at(counts, self.minutes.series, self.minutes.count)
        return counts.tolist()

    def buckets(self, ids: Mapping[SeriesKey, int]) -> Buckets:
        """What they add to the buckets of every tier."""
        return self.minutes.of_series([ids[key] for key in self.keys]).in_every_tier()
