"""Whether a source has fallen silent, by its own rhythm. Pure.

There is no limit in minutes that is right for a source that reports every second and for one that
reports twice an hour. So its own pauses say how long one may be: three times what nearly all of
its latest pauses stayed within, half as much again as one that it has made three times within the
day, and five minutes in any case. A pause is between two minutes that had events.

A longer one is silence only if the source stopped in full course. What fades, as a send does that
comes to its end, is not silent: at the last it brings less than a third of what half of its
stretches do. So whoever has already faded can stop for good unnoticed. And a send that ends all
at once looks as a failure does: that everybody is dealt with, only the ledger knows.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from statistics import median
from typing import NamedTuple

LEAST = 5
"""Minutes without an event that are never silence."""
HISTORY = 10
"""Minutes with events without which there is no rhythm to judge by."""
LATEST = 60
"""Pauses that say how long nearly all of them are now."""
NEARLY_ALL = 0.95
PATIENCE = 3
"""By so much a pause is longer than nearly all, to be silence: of those of events that come
independently of each other, about one in 8,000 is."""
HABIT = 3
"""A pause that was as long so many times is the source's habit, as that of an hourly job is."""
PATIENCE_WITH_HABITS = 1.5
FADED = 1 / 3
"""Of what the source usually brings: whoever brought less at the last was fading. With a quarter,
a send of thirty events a minute that fades is called silent once in four."""


class Rhythm(NamedTuple):
    """How long a source has been quiet, and how long it may be: in whole minutes, those without
    any event. None knows how long where it has too little history, or has faded."""

    quiet: int
    allowed: int | None

    @property
    def is_silent(self) -> bool:
        return self.allowed is not None and self.quiet >= self.allowed


def rhythm(minutes: Sequence[int], events: Sequence[int], now: int) -> Rhythm:
    """That of a source.

    ``minutes`` are those of the last day in which it had events, by their numbers, in order;
    ``events`` says how many in each. ``now`` is the number of the running one, of which nobody
    knows yet whether it will have any.
    """
    if not minutes:
        return Rhythm(0, None)
    quiet = max(now - minutes[-1] - 1, 0)
    if len(minutes) < HISTORY or _has_faded(minutes, events):
        return Rhythm(quiet, None)
    return Rhythm(quiet, _allowed(minutes))


def _allowed(minutes: Sequence[int]) -> int:
    """For how many minutes a source with this history may be quiet."""
    habit = sorted(_pauses(minutes))[-HABIT]
    return max(LEAST, PATIENCE * _usual_pause(minutes), ceil(PATIENCE_WITH_HABITS * habit))


def _pauses(minutes: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise(minutes)]


def _usual_pause(minutes: Sequence[int]) -> int:
    """What nearly all of the latest pauses stay within."""
    latest = sorted(_pauses(minutes[-LATEST - 1 :]))
    return latest[ceil(NEARLY_ALL * (len(latest) - 1))]


def _has_faded(minutes: Sequence[int], events: Sequence[int]) -> bool:
    """Whether it brought much less at the last than it usually does while it brings anything.

    A single minute says nothing: it is stretches that are compared, so long that there is nearly
    always something in one.
    """
    length = max(LEAST, _usual_pause(minutes))
    stretches: Counter[int] = Counter()
    for minute, count in zip(minutes, events, strict=True):
        stretches[(minutes[-1] - minute) // length] += count
    return stretches[0] < FADED * median(stretches.values())
