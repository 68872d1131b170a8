"""How sure a proportion is: by how much chance alone may have moved it."""

from math import inf, sqrt
from typing import NamedTuple

FEW = 50
"""Of fewer than these a proportion is too uncertain to judge: one more moves it by two points."""

_Z = 1.959963984540054
"""Standard errors either side that hold 95 of a hundred."""


class Interval(NamedTuple):
    """Where a proportion lies in 95 of a hundred cases, from 0 to 1."""

    low: float
    high: float


SURE = 2.5758293035489
"""The same that hold 99 of a hundred: who is called should not be called for nothing."""


def wilson(part: int, whole: int, errors: float = _Z) -> Interval:
    """The score interval of ``part`` in ``whole``: sound for small numbers and near 0 and 1.

    It holds 95 of a hundred cases, or as many as so many standard ``errors`` either side do.

    Everything is possible while there is nothing (``whole`` is 0); a ``part`` larger than
    ``whole`` is a ``ValueError``.
    """
    if not 0 <= part <= whole:
        raise ValueError(f"{part} is no part of {whole}")
    if not whole:
        return Interval(0.0, 1.0)
    square = errors * errors
    middle = (part + square / 2) / (whole + square)
    reach = errors / (whole + square) * sqrt(part * (whole - part) / whole + square / 4)
    # What has not happened at all, or always, is on the edge; arithmetic is a hair off it.
    low = 0.0 if part == 0 else max(0.0, middle - reach)
    high = 1.0 if part == whole else min(1.0, middle + reach)
    return Interval(low, high)


def ratio(part: int, whole: int, errors: float = _Z) -> Interval:
    """Where ``part`` to ``whole`` lies if one is no part of the other: opens to messages.

    What occurs independently is counted with an error of its root (Poisson); the bounds are
    Byar's approximation. Everything is possible while there is no ``whole``.
    """
    if part < 0 or whole < 0:
        raise ValueError(f"{part} to {whole} is no ratio")
    if not whole:
        return Interval(0.0, inf)
    return Interval(_byar(part, -errors) / whole, _byar(part + 1, errors) / whole)


def _byar(count: int, errors: float) -> float:
    """A count moved by so many standard errors."""
    if not count:
        return 0.0
    root = 1 - 1 / (9 * count) + errors / (3 * sqrt(count))
    return float(max(0.0, root) ** 3 * count)
