"""From the spool into the event log, in the order of acceptance, without anybody asking."""

import logging
import time
from collections.abc import Sequence
from itertools import groupby
from threading import Lock, Thread

from django.db import connection, transaction

from liveReport.models import Campaign, EventBatch, Source

from .append import HOPELESS, append
from .outage import PAUSE, database, let_others_write
from .spool import Damaged, Record, Spool, spool

RECORDS, EVENTS = 500, 5_000
"""At most this much to a transaction: as short as that of the largest request."""

logger = logging.getLogger(__name__)


def drain() -> int:
    """Move everything that waits into the log; how many events there were.

    Does nothing while another process is at it. Raises whatever the database
    does; what was moved until then is moved.
    """
    waiting = spool()
    moved = 0
    if not waiting.holds_anything():
        return 0
    with waiting.draining() as alone:
        while alone and (records := waiting.first(RECORDS, EVENTS)):
            started = time.monotonic()
            moved += _move(waiting, records)
            let_others_write(time.monotonic() - started)
        if moved:
            waiting.shrink()
    return moved


def _move(waiting: Spool, records: Sequence[Record]) -> int:
    """Commit to the log, then forget. A crash in between repeats events that the log knows."""
    try:
        for record in records:
            record.check()
        with transaction.atomic():
            _append(records)
    except (Damaged, *HOPELESS) as error:
        if len(records) > 1:
            return sum(_move(waiting, [record]) for record in records)
        _set_aside(waiting, records[0], error)
        return 0
    waiting.remove(records[-1].id)
    return sum(record.events for record in records)


def _append(records: Sequence[Record]) -> None:
    """To the log, as if they came in now; in bulk, as others may come in as fast as we drain."""
    named = frozenset[str]().union(*(record.campaigns for record in records))
    known = set(Campaign.objects.filter(slug__in=named).values_list("slug", flat=True))
    for plain, some in groupby(records, lambda record: record.campaigns <= known):
        if plain:
            EventBatch.objects.bulk_create(
                EventBatch(
                    source_id=record.source,
                    received_at=record.received,
                    count=record.events,
                    payload=record.payload,
                )
                for record in some
            )
        else:
            for record in some:
                append(Source(pk=record.source), record.decoded(), record.received)


def _set_aside(waiting: Spool, record: Record, error: Exception) -> None:
    # Not its message: PostgreSQL's quotes the row that failed.
    reason = type(error).__name__
    logger.error(
        "%d events of source %d, accepted at %s, cannot be stored and were set aside: %s",
        record.events,
        record.source,
        record.received.isoformat(timespec="seconds"),
        reason,
    )
    waiting.set_aside(record, reason)


class Drainer:
    """A thread that drains until nothing waits any more. A process needs one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Make sure that somebody drains. Call after every ``put``."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                logger.warning("Events wait in the spool until the database takes them.")
                self._thread = Thread(target=self._run, name="spool", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        moved = 0
        failure = ""
        while not self._done():
            try:
                moved += drain()
                database.succeeded()
            except Exception as error:  # noqa: BLE001 (whatever it is, events wait for its end)
                if type(error).__name__ != failure:
                    failure = type(error).__name__
                    logger.warning("The spool cannot be drained yet: %s", failure)
            finally:
                connection.close()
            if spool().holds_anything():
                time.sleep(PAUSE)
        logger.info("The spool is empty again; %d events came from it.", moved)

    def _done(self) -> bool:
        """Under the lock: whoever has put a record by now finds us, whoever comes starts anew."""
        with self._lock:
            if spool().holds_anything():
                return False
            self._thread = None
            return True


drainer = Drainer()
