"""What a fold adds to the ledgers: facts that are new, and the counts moved by what they change."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from liveReport.counts import fates
from liveReport.counts.cells import OTHER_EXECUTIONS, Run
from liveReport.counts.histories import Facts, Histories, Met

from . import runs, segments
from .segments import Segment


def apply(
    histories: Histories,
    in_scope: Collection[Run],
    leaving: Sequence[Run],
    campaigns: Mapping[str, int],
) -> None:
    """Add what is known now, in the caller's transaction, before events are counted.

    Executions that are ``leaving`` have no ledger any more. Those that are not counted apart
    have one together, in which nothing is: nobody's history is in there.
    """
    runs.take_out(leaving, campaigns)
    ids = runs.note(_with_common(histories.runs, leaving), in_scope, campaigns)
    number = {place: ids[run] for place, run in enumerate(histories.runs) if run in ids}
    by_run = histories.facts.by_run()
    _add({number[place]: facts for place, facts in by_run.items() if place in number})


def _with_common(met: Mapping[Run, Met], leaving: Sequence[Run]) -> dict[Run, Met]:
    """The runs that were met, and those that take over what leaves."""
    found = dict(met)
    if met and leaving:
        latest = Met(*map(max, zip(*met.values(), strict=True)))
        found |= {Run(*run.place, OTHER_EXECUTIONS): latest for run in leaving}
    return found | dict(met)


def _add(said: Mapping[int, Facts]) -> None:
    """Add facts to ledgers."""
    ledgers = np.array(sorted(said), np.int64)
    held = segments.of_ledgers(said)
    arriving, old = [], []
    for place, pk in enumerate(ledgers.tolist()):
        facts = said[pk].of_run(place)
        arriving.append(facts)
        old += [one.of_run(place) for one in _known(facts, held.get(pk, ()))]
    before = Facts.joined(old)
    new, after = Facts.joined(arriving).added_to(before)
    runs.move(ledgers, fates.counts(after, len(ledgers)) - fates.counts(before, len(ledgers)))
    added = {int(ledgers[place]): facts for place, facts in new.by_run().items()}
    segments.add(added, held)


def _known(facts: Facts, held: Sequence[Segment]) -> list[Facts]:
    """What segments of a run know of the profiles of some facts."""
    profiles = np.unique(facts.profile)
    return [segment.of_profiles(profiles) for segment in segments.read(held)]
