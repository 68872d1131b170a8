"""What is to be added to buckets, column by column."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from liveReport.events.columns import Ints, Mask, concatenated

from .edges import starts_of_runs
from .sets import Sets
from .tiers import TIERS

BucketKey = tuple[int, int, int]
"""Series id, tier, start."""


@dataclass(frozen=True, eq=False)
class Buckets:
    """Counts by series, tier and start (both in seconds), and the profiles that events happened to.

    The profiles of bucket i are set i of ``profiles``.
    """

    series: Ints
    tier: Ints
    start: Ints
    count: Ints
    profiles: Sets

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, int, bytes | memoryview | None]]) -> "Buckets":
        """Of rows of series, tier, start, count and sketch."""
        numbers = np.array([row[:4] for row in rows], np.int64).reshape(-1, 4)
        series, tier, start, count = numbers.T
        held = ((place, row[4]) for place, row in enumerate(rows))
        sketches = ((place, bytes(sketch)) for place, sketch in held if sketch is not None)
        return cls(series, tier, start, count, Sets.of(sketches))

    @classmethod
    def joined(cls, parts: Sequence["Buckets"]) -> "Buckets":
        """The buckets of all parts, one after the other."""
        offsets = np.cumsum([0, *(len(part) for part in parts)])
        moved = [
            part.profiles.renumbered(np.arange(len(part)) + offset)
            for part, offset in zip(parts, offsets, strict=False)
        ]
        return cls(
            concatenated(part.series for part in parts),
            concatenated(part.tier for part in parts),
            concatenated(part.start for part in parts),
            concatenated(part.count for part in parts),
            Sets.joined(moved),
        )

    def __len__(self) -> int:
        return len(self.series)

    def united(self) -> "Buckets":
        """The same, in the order of their keys, none of which is repeated."""
        order = np.lexsort((self.start, self.tier, self.series))
        series, tier, start = self.series[order], self.tier[order], self.start[order]
        first = starts_of_runs(series, tier, start)
        place = np.empty(len(order), np.int64)
        place[order] = np.repeat(np.arange(len(first)), np.diff(first, append=len(order)))
        count = np.zeros(len(first), np.int64)
        np.add.at(count, place, self.count)
        return Buckets(
            series[first], tier[first], start[first], count, self.profiles.renumbered(place)
        )

    def where(self, kept: Mask) -> "Buckets":
        """The buckets of which ``kept`` is true."""
        place = np.where(kept, np.cumsum(kept) - 1, -1)
        return Buckets(
            self.series[kept],
            self.tier[kept],
            self.start[kept],
            self.count[kept],
            self.profiles.renumbered(place),
        )

    def of_series(self, series: Sequence[int]) -> "Buckets":
        """The same of other series: ``series[i]`` in place of series i."""
        return replace(self, series=np.array(series, np.int64)[self.series])

    def of_tier(self, tier: int) -> "Buckets":
        """The same events in longer buckets."""
        return replace(
            self, tier=np.full(len(self), tier), start=self.start // tier * tier
        ).united()

    def in_every_tier(self) -> "Buckets":
        """Buckets of the finest tier together with those that they add up to."""
        tiers = [self]
        for tier in reversed(TIERS):
            tiers.append(tiers[-1].of_tier(tier))
        return Buckets.joined(tiers[1:])

    def bucket_keys(self) -> list[BucketKey]:
        """The keys, row by row."""
        columns = (self.series, self.tier, self.start)
        return list(zip(*(column.tolist() for column in columns), strict=True))
