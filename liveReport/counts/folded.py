"""What a fold of events adds to the rollups."""

from collections import Counter
from dataclasses import dataclass

from .cells import Cells, Run
from .states import Latest, Span


@dataclass(frozen=True)
class Folded:
    """Everything a set of events adds."""

    cells: Cells
    latest: list[Latest]
    spans: dict[Run, Span]
    """By execution, 0 for none."""

    def executions(self) -> dict[Run, int]:
        """How many events each execution has."""
        found: Counter[Run] = Counter()
        for key, count in zip(self.cells.keys, self.cells.events(), strict=True):
            if key.execution and not key.dimension:
                found[key.run] += count
        return found

    def messages(self) -> int:
        """How many states of messages there are."""
        return sum(len(latest.key) for latest in self.latest)
