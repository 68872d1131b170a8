"""Columns: one value for each event of many, in numpy's arrays."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


def concatenated(columns: Iterable[Ints]) -> Ints:
    """One column after the other; empty if there is none."""
    return np.concatenate([np.empty(0, np.int64), *columns])


def firsts(keys: Ints) -> Mask:
    """Which keys have not been met before in the column."""
    first = np.zeros(len(keys), np.bool_)
    first[np.unique(keys, return_index=True)[1]] = True
    return first
