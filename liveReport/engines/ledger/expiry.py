"""Forgetting, in a run that never ends, the profiles of whom nothing new has come for long.

Events without an execution are one run for as long as the campaign lasts. Whoever leaves it
leaves its counts, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liveReport.counts import fates
from liveReport.counts.edges import starts_of_runs
from liveReport.counts.histories import HOUR_US, Facts, groups
from liveReport.events.columns import Ints
from liveReport.models import Ledger

from . import runs, segments
from .segments import Segment

SLACK = 6 * HOUR_US
"""How much longer than asked for somebody may be kept: so seldom is a run gone through."""


@dataclass(frozen=True, eq=False)
class Expiry:
    """A ledger of which a part is to be forgotten: what it holds, who stays and who leaves."""

    pk: int
    before: int
    held: Sequence[Segment]
    staying: Facts
    leaving: Facts

    def save(self) -> None:
        """Forget it. Call inside a transaction of whoever has held the lease since ``due``."""
        if len(self.leaving):
            runs.move(np.array([self.pk]), -fates.counts(self.leaving, 1))
            segments.delete(self.held)
            segments.write([(self.pk, self.staying)])
        forgotten = {"first_received": 0} if len(self.leaving) else {}
        Ledger.objects.filter(pk=self.pk).update(kept_since=self.before, **forgotten)


def due(before: int) -> Expiry | None:
    """What is to be forgotten of a ledger: profiles of whom nothing new came since ``before``.

    In microseconds. Goes through all of the run, which is why this is no part of the transaction
    that saves it. ``None`` when no run has anything that is older still by ``SLACK``.
    """
    endless = Ledger.objects.filter(execution=0, kept_since__lt=before - SLACK)
    pk = endless.order_by("kept_since").values_list("pk", flat=True).first()
    if pk is None:
        return None
    held = segments.of_ledgers([pk]).get(pk, [])
    facts = Facts.joined(segments.read(held)).of_run(0)
    is_old = _last_seen(facts) < before // HOUR_US
    return Expiry(pk, before, held, facts.take(~is_old), facts.take(is_old))


def _last_seen(facts: Facts) -> Ints:
    """The hour in which something new of each row's profile was received."""
    first = starts_of_runs(facts.profile)
    latest = np.maximum.reduceat(facts.seen, first) if len(first) else facts.seen
    return latest[groups(first, len(facts))].astype(np.int64)
