"""Whether a rate is as it should be, since when it is not, and which part makes it up.

Pure functions over counts: nothing here reads, and nothing knows what time it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from liveReport.channels import NONE, OTHER

from .frames import Base
from .proportions import SURE, Interval, ratio, wilson
from .rules import Limits

LEAST = 5
"""Events that are needed to speak of too many: one or two are chance, whatever they are of."""
PART = 1 / 3
"""The least share of what is wrong by which a part is named."""
OVER = 1.25
"""By how much that has to exceed its share of everything, where that is known."""


class Level(StrEnum):
    """How things stand, in the order of what outranks what."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The higher, the worse."""
        return list(Level).index(self)


HARM = (Level.WARNING, Level.CRITICAL)
"""Those that a verdict can have."""


def worst(levels: Iterable[Level]) -> Level:
    """The one that outranks the others; what is of nothing is as it should be."""
    return max(levels, key=lambda level: level.rank, default=Level.OK)


class Minute(NamedTuple):
    """What was counted in one: what is divided, and by what. It starts at so many seconds."""

    start: int
    part: int
    whole: int


class Part(NamedTuple):
    """A value of a dimension that makes up a share of what is wrong."""

    dimension: str
    value: str
    share: float


def value_of(limits: Limits, base: Base) -> float | None:
    """The rate; ``None`` where there is nothing to divide by, or less than what is divided."""
    if not base.whole or (limits.metric.is_proportion and base.part > base.whole):
        return None
    return base.part / base.whole


def bounds(limits: Limits, base: Base) -> Interval:
    """Between which values the rate lies in 99 of a hundred cases, if it is defined."""
    if limits.metric.is_proportion:
        return wilson(base.part, base.whole, SURE)
    return ratio(base.part, base.whole, SURE)


def level_of(limits: Limits, base: Base) -> Level:
    """How a rate stands: on the side of its interval that speaks for calm.

    What has no value is unknown, and so is a rate that should be high while nothing at all is
    heard of what it divides: that may be silence.
    """
    if value_of(limits, base) is None:
        return Level.UNKNOWN
    if base.whole < limits.min_sample:
        return Level.OK
    if limits.rule.lower_is_worse:
        return _level_below(limits, base)
    if base.part < LEAST:
        return Level.OK
    low = bounds(limits, base).low
    return _first(low >= limits.critical, low >= limits.warn)


def _level_below(limits: Limits, base: Base) -> Level:
    if not base.part:
        return Level.UNKNOWN
    high = bounds(limits, base).high
    return _first(high <= limits.critical, high <= limits.warn)


def _first(is_critical: bool, is_warning: bool) -> Level:  # noqa: FBT001 (two answers in a row)
    if is_critical:
        return Level.CRITICAL
    return Level.WARNING if is_warning else Level.OK


def threshold(limits: Limits, level: Level) -> float:
    """What a rate has to reach for a verdict of this level."""
    return limits.critical if level == Level.CRITICAL else limits.warn


def excess(limits: Limits, base: Base, level: Level) -> float:
    """How far beyond the limit a rate surely is, as a factor: to put the worst first."""
    low, high = bounds(limits, base)
    limit = threshold(limits, level)
    return limit / high if limits.rule.lower_is_worse else low / limit


def since(limits: Limits, minutes: Sequence[Minute]) -> int | None:
    """The start of the first minute of what is wrong, in seconds; ``None`` without any.

    Where the sum of what exceeds the warning's limit (of each minute what is divided, less the
    limit times what divides it) is lowest, it begins to rise for good: the usual estimate of a
    change after a cumulative sum (Page 1954). Of a run that is bad from the beginning it is the
    beginning.
    """
    sign = -1 if limits.rule.lower_is_worse else 1
    lowest, total, began = 0.0, 0.0, 0
    for place, minute in enumerate(minutes):
        total += sign * (minute.part - limits.warn * minute.whole)
        if total <= lowest:
            lowest, began = total, place + 1
    wrong = (
        minute.start
        for minute in minutes[began:]
        if (minute.whole if limits.rule.lower_is_worse else minute.part)
    )
    return next(wrong, None)


def largest_part(
    dimension: str, wrong: Mapping[str, int], everything: Mapping[str, int] | None = None
) -> Part | None:
    """The value that makes up most of what is wrong, if it is a large share of it.

    Where it is known how ``everything`` is shared out, a value is named only if it has more of
    what is wrong than of that: the largest mailbox provider has most of all bounces anyway.
    """
    named = {value: count for value, count in wrong.items() if value not in (NONE, OTHER)}
    if not named:
        return None
    value = max(named, key=lambda one: (named[one], one))
    share = named[value] / sum(wrong.values())
    if named[value] < LEAST or share < PART:
        return None
    whole = sum(everything.values()) if everything else 0
    if everything and whole and share < OVER * everything.get(value, 0) / whole:
        return None
    return Part(dimension, value, round(share, 4))
