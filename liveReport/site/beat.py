"""Beat's scheduler: the administrators' schedule, whatever clocks, database and broker do.

Celery and django-celery-beat plan in the wall clock's time, and wait for it to reach
what lies ahead. A clock that is set back would stop every task until then.
"""

import logging
from contextlib import suppress
from datetime import datetime
from time import monotonic, time
from typing import Any

from celery.beat import ScheduleEntry
from django.db import Error, close_old_connections
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from liveReport.engines.outage import is_outage

SET = 0.5
"""Seconds by which the wall clock differs from steady time when somebody has set it."""
WAITING = 5
"""Tasks that may wait in a queue: each does all there is to do, the others find nothing."""
READING, SENDING = "Reading the schedule", "Sending tasks"

logger = logging.getLogger(__name__)


class Entry(ModelEntry):
    """A task of the schedule."""

    def is_due(self) -> Any:
        # It ran "later than now", before the clock was set back: now at the latest.
        self.last_run_at = min(self.last_run_at, self._default_now())  # type: ignore[no-untyped-call]
        return super().is_due()  # type: ignore[no-untyped-call]


class Scheduler(DatabaseScheduler):
    """Plans anew when the clock was set; waits for a database that is away.

    Nothing that is sent expires, as that would be an instant of beat's clock, to be
    judged by a worker's. Instead beat does not ring when nobody has answered its last
    few rings, so that they do not pile up while the workers are away.
    """

    Entry = Entry
    _ahead: float | None = None
    """By how much the wall clock was ahead of steady time at the last tick."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._failing: dict[str, str] = {}
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    def setup_schedule(self) -> None:
        """The tasks are in the database already, which need not answer yet."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if self._clock_was_set():
            self._plan_anew()
        try:
            pause = float(super().tick(*args, **kwargs))
        except Error as error:
            if not is_outage(error):
                raise
            self._plan_anew()
            self._note(READING, error)
            return float(self.max_interval or 1)
        self._note(READING, None)
        return pause

    def schedule_changed(self) -> bool:
        """Whether tasks were saved at another time than when last asked; perhaps an earlier one."""
        close_old_connections()
        known, self._last_timestamp = self._last_timestamp, self.Changes.last_change()
        return bool(known != self._last_timestamp)

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        try:
            if self._waiting(entry, producer) < WAITING:
                self.apply_async(entry, producer=producer, advance=False)
        except Exception as error:  # noqa: BLE001 (whatever a broker's driver raises)
            self._hang_up()
            self._note(SENDING, error)
        else:
            self._note(SENDING, None)

    def _clock_was_set(self) -> bool:
        before, self._ahead = self._ahead, time() - monotonic()
        return before is not None and abs(self._ahead - before) > SET

    def _plan_anew(self) -> None:
        """Have the schedule read, and everything planned, before the next task is sent."""
        self._last_full_sync = datetime.min

    def _waiting(self, entry: ScheduleEntry, producer: Any) -> int:
        """Messages that no worker has taken yet, in the queue that the task goes to."""
        route = self.app.amqp.router.route(dict(entry.options or {}), str(entry.task))
        declared: Any = route["queue"](producer.channel).queue_declare()
        return int(declared.message_count)

    def _hang_up(self) -> None:
        """Connect anew for the next task."""
        self.__dict__.pop("producer", None)
        if connection := self.__dict__.pop("connection", None):
            with suppress(Exception):
                connection.release()

    def _note(self, what: str, error: Exception | None) -> None:
        """Log that something fails, once until it is over or fails otherwise."""
        kind = type(error).__name__ if error else ""
        if kind == self._failing.get(what, ""):
            return
        self._failing[what] = kind
        if error:
            logger.warning("%s fails: %s", what, str(error).partition("\n")[0])
        else:
            logger.info("%s works again.", what)
