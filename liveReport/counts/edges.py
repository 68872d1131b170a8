"""Columns of rows that are in order: where equal ones begin and end."""

import numpy as np

from liveReport.events.columns import Ints


def starts_of_runs(*columns: Ints) -> Ints:
    """Where a run of equal rows begins."""
    return np.concatenate(([0], _changes(*columns) + 1))[: len(columns[0])]


def ends_of_runs(*columns: Ints) -> Ints:
    """Where a run of equal rows ends."""
    return np.concatenate((_changes(*columns), [len(columns[0]) - 1]))[: len(columns[0])]


def _changes(*columns: Ints) -> Ints:
    """The places of rows that differ from the one after them."""
    differ = [column[1:] != column[:-1] for column in columns]
    return np.flatnonzero(np.logical_or.reduce(differ))
