"""Weighted choices, the only dice that the demo throws."""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Wheel(Generic[T]):
    """Values that come up as often as their weights say."""

    def __init__(self, *shares: tuple[T, float]) -> None:
        self.values: Sequence[T] = [value for value, _weight in shares]
        self._sums = list(accumulate(weight for _value, weight in shares))

    def spin(self, random: Random) -> T:
        return self.values[bisect(self._sums, random.random() * self._sums[-1])]


def about(random: Random, expected: float) -> int:
    """A count that is ``expected`` on the average, and varies as counts of people do."""
    if expected > 30:
        return max(0, round(random.gauss(expected, expected**0.5)))
    arrivals, passed = 0, random.expovariate(1.0)
    while passed < expected:
        arrivals += 1
        passed += random.expovariate(1.0)
    return arrivals
