"""How many events were refused because the quarantine is full: counted, and said in the log."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from threading import Lock
from time import monotonic
from typing import NamedTuple

from django.db import Error, connection, transaction

from liveReport.engines.outage import is_outage, retrying_lock
from liveReport.memory import enlist

from .group_commit import GroupCommit
from .quarantine import CODE

SECONDS = 60.0
"""A line in the log about a source, and then none for so long."""
_COUNT = """
INSERT INTO livereport_quarantinetally AS tally (source_id, events, refused, refused_at)
VALUES (%s, 0, %s, %s) ON CONFLICT (source_id)
DO UPDATE SET refused = tally.refused + excluded.refused, refused_at = excluded.refused_at
"""

logger = logging.getLogger(__name__)


class Refusal(NamedTuple):
    """So many events of a source, at a time."""

    source: int
    events: int
    at: datetime


class Lines:
    """When something was last said about a source, and how many events were refused since."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._said: dict[int, float] = {}
        self._untold: Counter[int] = Counter()
        enlist(self.forget)

    def tell(self, refusal: Refusal) -> None:
        """Say it now, or together with the next ones."""
        source = refusal.source
        with self._lock:
            self._untold[source] += refusal.events
            if monotonic() - self._said.get(source, -SECONDS) < SECONDS:
                return
            self._said[source] = monotonic()
            events = self._untold.pop(source)
        logger.warning("%d events of source %d were refused lately: %s.", events, source, CODE)

    def forget(self) -> None:
        with self._lock:
            self._said.clear()
            self._untold.clear()


lines = Lines()


def count(refusals: Sequence[Refusal]) -> None:
    """Add to the tallies of their sources, in the caller's transaction if there is one."""
    counts: Counter[int] = Counter()
    for refusal in refusals:
        counts[refusal.source] += refusal.events
    at = connection.ops.adapt_datetimefield_value(max(refusal.at for refusal in refusals))
    rows = [(source, events, at) for source, events in sorted(counts.items())]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_COUNT, rows)


def count_alone(refusal: Refusal) -> None:
    """Count what no answer depends on: while the database takes nothing, it goes uncounted."""
    if connection.in_atomic_block:
        count([refusal])
        return
    try:
        _together.do(refusal)
    except Error as error:
        if not is_outage(error):
            raise
        logger.warning("%d refused events could not be counted.", refusal.events)


# Others of the same moment with it, so that a flood of refusals costs as little as can be.
_together = GroupCommit[Refusal](lambda refusals: retrying_lock(partial(count, refusals)))
