"""Who is counted apart, where there is no room for all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Rank(NamedTuple):
    """What speaks for counting a value or an execution apart. Greater stays longer."""

    weight: int
    """Its events, as far as they were counted apart."""
    age: int
    """The id of its row; more than any for one that is new."""


Keep = Callable[[Mapping[Any, Rank], int], set[Any]]
"""Of all with their ranks, and how many may be counted apart: those that are."""


@dataclass(frozen=True)
class Admission:
    """How many are counted apart, and which."""

    values: int
    """Of one dimension, for one event type and execution."""
    executions: int
    """Of one campaign and channel."""
    keep: Keep
