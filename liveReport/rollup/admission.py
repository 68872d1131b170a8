"""How many values of a dimension and executions of a channel are counted apart, and which.

Both come from strangers: there can be a million of them. A group of series (see
``counts.cells.Group``) has room for ``VALUES`` values; what the others add is counted in
the series of ``__other__``, so that totals stay exact. A campaign's channel has room for
``EXECUTIONS``; what the others count is counted as one execution without a time. Half of
the room is for the heaviest, half for the newest, whatever came first: a value that makes
up one in ``VALUES / 2`` of what arrives is noticed, and once it has become heavy it stays.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from liveReport.counts.ranks import Admission, Rank

VALUES = 1_000
"""Of one dimension, for one event type and execution."""
EXECUTIONS = 1_000
"""Of one campaign and channel."""

Key = TypeVar("Key", bound=tuple[Any, ...])


def admission() -> Admission:
    """Who is counted apart."""
    return Admission(VALUES, EXECUTIONS, keep)


def keep(ranks: Mapping[Key, Rank], limit: int) -> set[Key]:
    """Those of the best rank: half by weight, the rest by age."""
    heaviest = sorted(ranks, key=lambda key: (*ranks[key], key), reverse=True)
    heavy, others = heaviest[: limit // 2], heaviest[limit // 2 :]
    others.sort(key=lambda key: ranks[key].age, reverse=True)  # stable: heavier ones first
    return {*heavy, *others[: limit - len(heavy)]}
