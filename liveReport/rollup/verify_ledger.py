"""Recounting the ledgers of those runs whose events are all still in the log."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from liveReport.counts import fates
from liveReport.counts.cells import Run
from liveReport.counts.histories import Facts, Histories
from liveReport.engines.ledger import recount
from liveReport.engines.ledger.recount import Stored
from liveReport.engines.ledger.runs import NUMBERS
from liveReport.events.columns import Ints


@dataclass
class LedgerRecount:
    """What the folded batches of the log say of profiles."""

    since: int | None = None
    """When the first of them was received, in microseconds; ``None`` if there is none."""
    _runs: dict[Run, int] = field(default_factory=dict)
    _parts: list[Facts] = field(default_factory=list)

    def add(self, said: Histories, received: int) -> None:
        """Add what a batch says that was received then."""
        self.since = received if self.since is None else min(received, self.since)
        if not said.runs:
            return
        numbers = [self._runs.setdefault(run, len(self._runs)) for run in said.runs]
        self._parts.append(said.facts.of_runs(np.array(numbers, np.int64)))
        while len(self._parts) > 1 and len(self._parts[-2]) < 2 * len(self._parts[-1]):
            self._parts[-2:] = [Facts.joined(self._parts[-2:])]  # each row but a few times

    def wrong(self) -> Iterator["Wrong"]:
        """The ledgers that say something else, as far as that can be known."""
        by_run = Facts.joined(self._parts).by_run()
        for found in recount.stored():
            if self.since is None or found.first_received < self.since:
                continue
            right = by_run.get(self._runs.get(found.run, -1), Facts.none())
            counts = fates.counts(right.of_run(0), 1)[0]
            same = found.is_whole and np.array_equal(counts, found.counts)
            if not (same and found.facts.says_the_same_as(right)):
                yield Wrong(found, right, counts)


class Wrong(NamedTuple):
    """A ledger, and what should be in it."""

    found: Stored
    right: Facts
    counts: Ints

    @property
    def described(self) -> tuple[object, object]:
        """What is expected, and what is found."""
        return _described(self.counts, self.right), _described(
            self.found.counts, self.found.facts, is_whole=self.found.is_whole
        )


def _described(counts: Ints, facts: Facts, *, is_whole: bool = True) -> object:
    targeted, others = (
        {name: int(count) for name, count in zip(NUMBERS, some, strict=True) if count}
        for some in (counts[1], counts[0])
    )
    rest = "" if is_whole else ", of a part"
    return f"targeted {targeted}, others {others}, of {len(facts.normal())} messages{rest}"
