"""The spool: accepted events that wait on this machine's disk for the database.

A record is what one request brought: its source, the instant of acceptance, its
events as the log would hold them (keys in place of ids, profiles and messages). It is on disk when
``put`` returns, and leaves only once the log has it. What can never be stored is
set aside, not thrown away. Queues on disk that libraries offer lack one or the other of an
fsync, a bound, checksums and one drainer among processes.
"""

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from django.conf import settings

from liveReport.engines.local import LocalFile
from liveReport.engines.log import Entry
from liveReport.events import former
from liveReport.events.batch import Events, encode
from liveReport.events.moments import microseconds, moment

from .kept import is_sealed

PAGE = 4096
_COLUMNS = "source, received, events, campaigns, payload, checksum"
_SET_UP = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA journal_size_limit = 1048576;
CREATE TABLE IF NOT EXISTS waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL, received INTEGER NOT NULL,
    events INTEGER NOT NULL, campaigns TEXT NOT NULL, payload BLOB NOT NULL,
    checksum INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS aside (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, received INTEGER NOT NULL,
    events INTEGER NOT NULL, campaigns TEXT NOT NULL, payload BLOB NOT NULL,
    checksum INTEGER NOT NULL, reason TEXT NOT NULL);
PRAGMA max_page_count = %d;
"""


class SpoolError(Exception):
    """The spool is full, or its disk does not take any more."""


class Damaged(Exception):
    """A record is not what it was when it was put."""


class Record(NamedTuple):
    """The accepted events of one request, and which campaigns they name."""

    id: int
    source: int
    received: datetime
    events: int
    campaigns: frozenset[str]
    payload: bytes
    checksum: int

    def check(self) -> None:
        """Raise ``Damaged`` unless the disk has given back what it was given."""
        if crc32(self.payload) != self.checksum:
            raise Damaged

    def decoded(self) -> Events:
        """The events. Raises ``Damaged`` if they cannot be unpacked."""
        try:
            return former.read(self.payload, self.source)
        except Exception as error:
            raise Damaged from error

    @property
    def is_sealed(self) -> bool:
        """Whether it is a provider's request as it came, and not events."""
        return is_sealed(self.payload)

    def entry(self, events: Events) -> Entry:
        """The batch of the log for all of its events: packed anew if a former release did it."""
        if former.wrote(self.payload):
            return Entry.of(self.source, self.received, events)
        return Entry.described(self.source, self.received, events, self.payload)

    def only(self, events: Events) -> "Record":
        """The record of some of its events."""
        payload = encode(events)
        campaigns = frozenset(events.campaigns())
        return self._replace(
            events=len(events), campaigns=campaigns, payload=payload, checksum=crc32(payload)
        )

    @property
    def row(self) -> tuple[int, int, int, str, bytes, int]:
        """Its ``_COLUMNS``, as they are stored."""
        at = microseconds(self.received)
        campaigns = " ".join(sorted(self.campaigns))  # slugs have no blanks
        return self.source, at, self.events, campaigns, self.payload, self.checksum


class Aside(NamedTuple):
    """What was set aside of a source, for one reason."""

    source: int
    events: int
    reason: str


class Spool:
    """The spool in one folder, shared by all processes of the machine."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._lock_path = folder / "drain.lock"
        self._pages = max(max_bytes // PAGE, 1)
        self._file = LocalFile(folder / "spool.sqlite3", _SET_UP % self._pages, durable=True)

    def put(self, source: int, received: datetime, events: Events) -> None:
        """Append a record; on disk on return. Raises ``SpoolError``."""
        self._put(Record(0, source, received, 0, frozenset(), b"", 0).only(events))

    def put_sealed(self, source: int, received: datetime, payload: bytes, events: int) -> None:
        """Append what a provider sent, as it came, sealed. As ``put``."""
        self._put(Record(0, source, received, events, frozenset(), payload, crc32(payload)))

    def _put(self, record: Record) -> None:
        try:
            with self._file.connection() as connection:
                connection.execute(
                    f"INSERT INTO waiting ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
                    record.row,
                )
        except (sqlite3.Error, OSError) as error:
            raise SpoolError(str(error)) from error

    def holds_anything(self) -> bool:
        return bool(self._ask("SELECT EXISTS (SELECT 1 FROM waiting)"))

    def waiting(self) -> int:
        """The events that wait."""
        return self._ask("SELECT coalesce(sum(events), 0) FROM waiting")

    def oldest(self) -> datetime | None:
        """When the record that waits longest was accepted."""
        received = self._ask("SELECT coalesce(min(received), 0) FROM waiting")
        return moment(received) if received else None

    def first(self, records: int, events: int) -> list[Record]:
        """Records in the order of acceptance: at most so many, of at most so many events.

        One record always comes, however large.
        """
        found: list[Record] = []
        with self._file.connection() as connection:
            rows = connection.execute(
                f"SELECT id, {_COLUMNS} FROM waiting ORDER BY id LIMIT ?",  # noqa: S608
                (records,),
            )
            for number, source, received, count, campaigns, *rest in rows:
                events -= count
                if found and events < 0:
                    break
                named = frozenset(campaigns.split())
                found.append(Record(number, source, moment(received), count, named, *rest))
        return found

    def remove(self, last: int, aside: Iterable[Record] = (), reason: str = "") -> None:
        """Forget the records up to this one: the log has them, but for what is set aside."""
        with self._changing(self._pages * 2) as connection:
            # First, so that there is room even if the spool is full: almost, as rows say why now.
            connection.execute("DELETE FROM waiting WHERE id <= ?", (last,))
            connection.executemany(
                f"INSERT INTO aside ({_COLUMNS}, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                ((*record.row, reason) for record in aside),
            )

    def aside(self) -> list[Aside]:
        """What could not be stored."""
        if not self._file.exists():
            return []
        with self._file.connection() as connection:
            rows = connection.execute(
                "SELECT source, sum(events), reason FROM aside GROUP BY source, reason"
            )
            return [Aside(*row) for row in rows]

    def line_up_again(self) -> None:
        """Queue what was set aside once more, behind everything that waits."""
        with self._changing() as connection:
            connection.execute(
                f"INSERT INTO waiting ({_COLUMNS}) SELECT {_COLUMNS} FROM aside ORDER BY id"  # noqa: S608
            )
            connection.execute("DELETE FROM aside")

    def shrink(self) -> None:
        """Give the disk back what is not used any more."""
        with self._file.connection() as connection:
            # Not ``execute``, which takes one step: this is a step to a page.
            connection.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")

    @contextmanager
    def draining(self) -> Iterator[bool]:
        """Be the only one on this machine who drains; ``False`` if somebody else does."""
        with self._lock_path.open("ab") as lock:
            self._lock_path.chmod(0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def close(self) -> None:
        self._file.close()

    def _ask(self, query: str) -> int:
        """A number; 0 without a spool. Most requests ask: nothing is created for that."""
        if not self._file.exists():
            return 0
        with self._file.connection() as connection:
            (number,) = connection.execute(query).fetchone()
        return int(number)

    @contextmanager
    def _changing(self, pages: int = 0) -> Iterator[sqlite3.Connection]:
        """A transaction, in which the spool may have so many pages if that is more than usual."""
        with self._file.connection() as connection:
            connection.execute(f"PRAGMA max_page_count = {max(pages, self._pages)}")
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                connection.execute(f"PRAGMA max_page_count = {self._pages}")


def spool() -> Spool:
    """This machine's spool."""
    return _spool(settings.SPOOL_DIR, settings.SPOOL_MAX_BYTES)


_spool = cache(Spool)
