"""What a fold adds to the ledgers: facts that are new, and the counts moved by what they change."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from liveReport.counts import fates
from liveReport.counts.cells import OTHER_EXECUTIONS, Run
from liveReport.counts.histories import Facts, Histories, Met
from liveReport.engines.executions import Admitted

from . import runs, segments
from .segments import Segment


def apply(
    histories: Histories,
    in_scope: Collection[Run],
    admitted: Admitted,
    campaigns: Mapping[str, int],
) -> None:
    """Add what is known now, in the caller's transaction, before its events are counted.

    Executions that are not counted apart, or no longer, have no ledger. Together they have one
    in which nothing is: nobody's history is.
    """
    gone = sorted({*admitted.outside, *admitted.leaving})
    runs.take_out(gone, campaigns)
    # Of one that leaves there may be events as well that come too late to keep it.
    met = {run: met for run, met in histories.runs.items() if run not in gone}
    ids = runs.note(met | _common(histories.runs, gone), in_scope, campaigns)
    places = {place: ids[run] for place, run in enumerate(histories.runs) if run in ids}
    by_run = histories.facts.by_run()
    _add({places[place]: facts for place, facts in by_run.items() if place in places})


def _common(met: Mapping[Run, Met], gone: Sequence[Run]) -> dict[Run, Met]:
    """What stands for the executions that have no ledger of their own."""
    if not (met and gone):
        return {}
    latest = Met(*map(max, zip(*met.values(), strict=True)))
    places = {run.place for run in met} & {run.place for run in gone}
    return {Run(*place, OTHER_EXECUTIONS): latest for place in places}


def _add(said: Mapping[int, Facts]) -> None:
    """Add facts to ledgers."""
    if not said:
        return
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
