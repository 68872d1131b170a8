"""How sure a proportion is: by how much chance alone may have moved it."""

from math import sqrt
from typing import NamedTuple

FEW = 50
"""Of fewer than these a proportion is too uncertain to judge: one more moves it by two points."""

_Z = 1.959963984540054
"""Standard errors either side that hold 95 of a hundred."""


class Interval(NamedTuple):
    """Where a proportion lies in 95 of a hundred cases, from 0 to 1."""

    low: float
    high: float


def wilson(part: int, whole: int) -> Interval:
    """The 95 % score interval of ``part`` in ``whole``: sound for small numbers and near 0 and 1.

    Everything is possible while there is nothing (``whole`` is 0); a ``part`` larger than
    ``whole`` is a ``ValueError``.
    """
    if not 0 <= part <= whole:
        raise ValueError(f"{part} is no part of {whole}")
    if not whole:
        return Interval(0.0, 1.0)
    square = _Z * _Z
    middle = (part + square / 2) / (whole + square)
    reach = _Z / (whole + square) * sqrt(part * (whole - part) / whole + square / 4)
    # What has not happened at all, or always, is on the edge; arithmetic is a hair off it.
    low = 0.0 if part == 0 else max(0.0, middle - reach)
    high = 1.0 if part == whole else min(1.0, middle + reach)
    return Interval(low, high)
