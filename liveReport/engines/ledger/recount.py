"""The ledgers as a recount finds them, and puts others in their place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from liveReport.counts import fates
from liveReport.counts.cells import OTHER_EXECUTIONS, Run
from liveReport.counts.histories import Facts
from liveReport.events.columns import Ints
from liveReport.models import Ledger, LedgerCount, LedgerSegment

from . import runs, segments


@dataclass(frozen=True, eq=False)
class Stored:
    """A run's ledger. ``first_received``: before when none of its events was, in microseconds."""

    pk: int
    run: Run
    is_whole: bool
    first_received: int
    counts: Ints
    """As ``fates.counts`` has those of one run."""
    facts: Facts


def stored() -> Iterator[Stored]:
    """The ledgers of all runs that have one of their own."""
    own = Ledger.objects.exclude(execution=OTHER_EXECUTIONS).order_by("pk")
    names = ("pk", "campaign__slug", "channel", "execution", "whole", "first_received")
    for pk, slug, channel, execution, whole, first in list(own.values_list(*names)):
        held = segments.of_ledgers([pk]).get(pk, [])
        facts = Facts.joined(segments.read(held))
        yield Stored(pk, Run(slug, channel, execution), whole, first, _counts(pk), facts)


def _counts(pk: int) -> Ints:
    found = np.zeros((2, fates.COUNTED), np.int64)
    for targeted, *numbers in LedgerCount.objects.filter(ledger=pk).values_list(
        "targeted", *runs.NUMBERS
    ):
        found[int(targeted)] = numbers
    return found


def replace(right: Mapping[int, Facts]) -> None:
    """Put these facts in place of what ledgers hold, which are whole then.

    Call inside a transaction of whoever holds the lease of the fold.
    """
    ledgers = np.array(sorted(right), np.int64)
    forget(ledgers.tolist())
    Ledger.objects.filter(pk__in=ledgers.tolist()).update(whole=True)
    parts = [right[pk].of_run(place) for place, pk in enumerate(ledgers.tolist())]
    runs.move(ledgers, fates.counts(Facts.joined(parts), len(ledgers)))
    segments.write((pk, facts.of_run(0).compact()) for pk, facts in right.items())


def forget(ledgers: Iterable[int]) -> None:
    """Delete all that ledgers hold, in the caller's transaction."""
    for model in (LedgerSegment, LedgerCount):
        model.objects.filter(ledger__in=ledgers).delete()
