"""The latest event of each message that a gauge watches, and the times that events span."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from liveReport.events.columns import Ints, Mask


class State(NamedTuple):
    """The latest event of a message that a gauge watches. Greater is later."""

    at: int
    rank: int
    campaign: str
    channel: str
    gauge: str
    execution: int
    waiting: bool


@dataclass
class Span:
    """When the first and last of some events occurred, in microseconds."""

    first: int
    last: int

    def include(self, at: int) -> None:
        self.first = min(self.first, at)
        self.last = max(self.last, at)


@dataclass(frozen=True, eq=False)
class Latest:
    """The latest event of each message that a gauge watches, column by column, by key.

    ``campaign[i]`` is a place in ``campaigns``.
    """

    channel: str
    gauge: str
    campaigns: Sequence[str]
    campaign: Ints
    key: Ints
    at: Ints
    rank: Ints
    execution: Ints
    waiting: Mask

    def states(self) -> Iterator[tuple[int, State]]:
        """The messages' keys, each with its state."""
        columns = (self.key, self.campaign, self.at, self.rank, self.execution, self.waiting)
        for key, campaign, at, rank, execution, waiting in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            watch = self.campaigns[campaign], self.channel, self.gauge
            yield key, State(at, rank, *watch, execution, waiting)


def columns_of(states: Mapping[int, State]) -> Iterator[Latest]:
    """States by message, column by column, for each gauge. The inverse of ``Latest.states``."""
    watches: dict[tuple[str, str], list[int]] = {}
    for key, state in sorted(states.items()):
        watches.setdefault((state.channel, state.gauge), []).append(key)
    for watch, keys in watches.items():
        held = [states[key] for key in keys]
        campaigns = sorted({state.campaign for state in held})
        yield Latest(
            *watch,
            campaigns,
            np.array([campaigns.index(state.campaign) for state in held], np.int64),
            np.array(keys, np.int64),
            np.array([state.at for state in held], np.int64),
            np.array([state.rank for state in held], np.int64),
            np.array([state.execution for state in held], np.int64),
            np.array([state.waiting for state in held], np.bool_),
        )
