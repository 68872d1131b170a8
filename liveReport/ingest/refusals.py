"""How many events were refused because the quarantine is full: counted, and said in the log."""

import logging
from collections import Counter
from functools import partial
from threading import Lock
from time import monotonic

from django.db import Error, connection

from liveReport.engines.outage import is_outage, retrying_lock
from liveReport.engines.quarantine import CODE, Refusal, count_refused
from liveReport.memory import enlist

from .group_commit import GroupCommit

SECONDS = 60.0
"""A line in the log about a source, and then none for so long."""

logger = logging.getLogger(__name__)


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


def count_alone(refusal: Refusal) -> None:
    """Count what no answer depends on: while the database takes nothing, it goes uncounted."""
    if connection.in_atomic_block:
        count_refused([refusal])
        return
    try:
        _together.do(refusal)
    except Error as error:
        if not is_outage(error):
            raise
        logger.warning("%d refused events could not be counted.", refusal.events)


# Others of the same moment with it, so that a flood of refusals costs as little as can be.
_together = GroupCommit[Refusal](lambda refusals: retrying_lock(partial(count_refused, refusals)))
