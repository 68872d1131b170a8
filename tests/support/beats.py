"""Beat and a worker in this process, each on a wall clock that the test sets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

import kombu
import time_machine
from celery.worker.request import Request
from kombu.exceptions import OperationalError

from liveReport import tasks
from liveReport.celery import app
from liveReport.site import beat

SECOND = timedelta(seconds=1)
assert tasks.tick.name in app.tasks


class Beat:
    """Beat as it runs: its scheduler, and the queues that it rings in.

    ``now`` is the true time, by which the worker's clock goes too; beat's own is
    ``ahead`` of it. Steady time goes on by ``wait`` alone, whatever happens to clocks.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.ahead = timedelta()
        self.steady = 1_000.0
        self.start()

    def start(self) -> None:
        """Begin anew, knowing only what is in the database."""
        with self._on_beats_clock():
            self.scheduler = beat.Scheduler(app=app)
        self.scheduler._finalize.cancel()  # nothing is to be saved when the tests end
        channel = _broker().default_channel
        self.queues = [queue(channel) for queue in app.conf.task_queues]
        for queue in self.queues:
            queue.purge()

    def stop(self) -> None:
        """End it as an administrator would: what ran when is saved."""
        with self._on_beats_clock():
            self.scheduler.close()

    def wait(self, seconds: int) -> Iterator[str]:
        """Let time pass; the tasks that the worker obeys meanwhile."""
        for _ in range(seconds):
            self.now += SECOND
            self.steady += 1
            self.ring()
            yield from self.obeyed()

    def ring(self) -> None:
        """Send all that is due."""
        with self._on_beats_clock():
            while self.scheduler.tick() == 0:
                pass

    def obeyed(self) -> Iterator[str]:
        """What waits in the queues and is not too old for the workers."""
        with time_machine.travel(self.now, tick=False):
            for queue in self.queues:
                while message := queue.get(no_ack=True):
                    request = Request(message, app=app)
                    if not request.maybe_expire():
                        yield request.name

    def lose_broker(self) -> None:
        """Let the next publication fail."""
        self.scheduler.producer.publish = self._fail  # type: ignore[method-assign]

    def _fail(self, *_: object, **__: object) -> None:
        raise OperationalError("away")

    @contextmanager
    def _on_beats_clock(self) -> Iterator[None]:
        with (
            time_machine.travel(self.now + self.ahead, tick=False),
            patch.object(beat, "monotonic", lambda: self.steady),
            patch.object(app, "connection_for_write", _broker),
            patch.object(beat, "close_old_connections"),
            patch("django_celery_beat.schedulers.close_old_connections"),
        ):
            yield


def _broker() -> kombu.Connection:
    return kombu.Connection("memory://")
