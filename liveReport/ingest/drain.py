"""From the spool into the event log, in the order of acceptance, without anybody asking."""

import logging
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from threading import Lock, Thread

import numpy as np
from django.db import connection, transaction

from liveReport.engines import campaigns, log
from liveReport.engines.log import Entry
from liveReport.engines.outage import PAUSE, database, let_others_write
from liveReport.engines.quarantine import CODE, Strangers, hold, prepare
from liveReport.events.sealing import Unsealable

from .append import HOPELESS, strangers_among
from .intake import HookPoint, take_in
from .kept import opened
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
        if len(records) > 1 and any(record.is_sealed for record in records):
            return sum(_move(waiting, [record]) for record in records)
        left = _pour(records[0]) if records[0].is_sealed else _append(records)
    except (Damaged, *HOPELESS) as error:
        if len(records) > 1:
            return sum(_move(waiting, [record]) for record in records)
        # Not its message: PostgreSQL's quotes the row that failed.
        return _forget(waiting, records, records, type(error).__name__)
    return _forget(waiting, records, left, CODE)


def _pour(record: Record) -> list[Record]:
    """A provider's request is read and stored, as if it came in now."""
    try:
        kept = opened(record.payload)
    except Unsealable as error:
        raise Damaged from error
    point = HookPoint.get(record.source)
    if point is None:
        raise Damaged
    take_in(point, kept.request(record.received))
    return []


def _append(records: Sequence[Record]) -> list[Record]:
    """To the log, as if they came in now; in bulk, as others may come in as fast as we drain.

    What the quarantine has no room for comes back: it was accepted, nobody can refuse it now.
    """
    named = frozenset[str]().union(*(record.campaigns for record in records))
    known = set(campaigns.ids(named))
    plain: list[Entry] = []
    strange: dict[int, list[tuple[Record, Strangers]]] = {}
    for record in records:
        events = record.decoded()
        if record.campaigns <= known:
            plain.append(record.entry(events))
            continue
        mask = strangers_among(events, known)
        strangers = Strangers(events.where(mask), record.received)
        strange.setdefault(record.source, []).append((record, strangers))
        if not mask.all():
            plain.append(Entry.of(record.source, record.received, events.where(~mask)))
    for source, requests in strange.items():
        prepare(source, [strangers for _record, strangers in requests])
    with transaction.atomic():
        log.append(plain)
        return [left for source in sorted(strange) for left in _hold(source, strange[source])]


def _hold(source: int, requests: Sequence[tuple[Record, Strangers]]) -> Iterator[Record]:
    """To the quarantine; what it has no room for."""
    verdicts = hold(source, [strangers for _record, strangers in requests])
    for (record, strangers), verdict in zip(requests, verdicts, strict=True):
        if verdict.refused:
            yield record.only(strangers.events.take(np.array(list(verdict.refused), np.int64)))


def _forget(waiting: Spool, records: Sequence[Record], left: Sequence[Record], reason: str) -> int:
    """Take records out of the spool, and set aside what is left of them; how many are not."""
    for source, group in groupby(left, lambda record: record.source):
        some = list(group)
        logger.error(
            "%d events of source %d, accepted since %s, cannot be stored and were set aside: %s",
            sum(record.events for record in some),
            source,
            min(record.received for record in some).isoformat(timespec="seconds"),
            reason,
        )
    waiting.remove(records[-1].id, left, reason)
    return sum(record.events for record in records) - sum(record.events for record in left)


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
