"""How many executions of a channel are counted apart, and which.

Producers may name any number. A campaign's channel has room for ``LIMIT``, half of it
for the heaviest and half for the newest, as a dimension has for values (see
``admission``). What the others count is counted as one execution without a time,
``OTHER_EXECUTIONS``; one that leaves hands over to it all that it has counted.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from liveReport.counts.cells import OTHER_EXECUTIONS, Cells, Place, Run, run_of
from liveReport.engines import executions as stored
from liveReport.events.batch import Events

from .admission import Rank, keep

LIMIT = 1_000
"""Executions of one campaign and channel."""


@dataclass(frozen=True)
class Admission:
    """Executions of some events that are not counted apart, and those that no longer are."""

    outside: Collection[Run] = frozenset()
    leaving: Sequence[Run] = ()


def admit(cells: Cells, campaigns: Mapping[str, int]) -> Admission:
    """Keep those apart that there is room for. Call inside the transaction that counts them."""
    arriving = _events(cells)
    full = _full(arriving, campaigns)
    if not full:
        return Admission()
    held = stored.of_places(full, campaigns)
    coming = {run: events for run, events in arriving.items() if run.place in full}
    staying = _staying(coming, held, campaigns)
    outside = coming.keys() - staying
    return Admission(outside, sorted(held.keys() - staying))


def counted_together(events: Events, outside: Collection[Run]) -> Events:
    """The events, those of some executions as of one."""
    if not outside:
        return events
    shapes = [
        shape._replace(execution=OTHER_EXECUTIONS) if run_of(shape) in outside else shape
        for shape in events.shapes
    ]
    return replace(events, shapes=shapes)


def _events(cells: Cells) -> dict[Run, int]:
    """How many each execution has."""
    found: Counter[Run] = Counter()
    for key, count in zip(cells.keys, cells.events(), strict=True):
        if key.execution and not key.dimension:
            found[key.run] += count
    return found


def _full(arriving: Mapping[Run, int], campaigns: Mapping[str, int]) -> set[Place]:
    """Where there is no room for all that are new."""
    known = stored.known(arriving, campaigns)
    new = Counter(run.place for run in arriving if run not in known)
    held = stored.counts(new, campaigns)
    return {place for place, more in new.items() if held.get(place, 0) + more > LIMIT}


def _staying(
    arriving: Mapping[Run, int], held: Mapping[Run, int], campaigns: Mapping[str, int]
) -> set[Run]:
    """Of executions that are stored, by their ids, and of those that so many events arrive of."""
    weights = stored.weights(list(held), campaigns)
    newest = max(held.values(), default=0) + 1
    standings: dict[Place, dict[Run, Rank]] = defaultdict(dict)
    for run in arriving.keys() | held.keys():
        weight = weights.get(run, 0) + arriving.get(run, 0)
        standings[run.place][run] = Rank(weight, held.get(run, newest))
    return {run for each in standings.values() for run in keep(each, LIMIT)}
