"""What was found true a moment ago, and need not be asked with every request."""

from collections.abc import Hashable, Iterable
from time import monotonic

SECONDS = 1.0
MOST = 10_000


class Lately:
    """Facts that a process believes for ``SECONDS``. Threads may share it."""

    def __init__(self) -> None:
        self._noted: dict[Hashable, float] = {}

    def holds(self, fact: Hashable) -> bool:
        """Whether the fact was noted less than ``SECONDS`` ago."""
        return monotonic() - self._noted.get(fact, -SECONDS) < SECONDS

    def note(self, facts: Iterable[Hashable]) -> None:
        if len(self._noted) >= MOST:
            self._noted.clear()
        self._noted.update(dict.fromkeys(facts, monotonic()))

    def forget(self) -> None:
        self._noted.clear()
