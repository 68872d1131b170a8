"""What it means that the database is away, and how not to wait for it again and again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy

from liveReport.memory import enlist

Result = TypeVar("Result")

PAUSE = 1.0
"""Seconds for which nobody asks again what has just failed."""
RETRY_SECONDS = 5
"""After so many those are asked to try again who could not be served."""
AWAY = gettext_lazy("The database does not answer. Nothing was changed; try again.")
LOCK_SECONDS = 2
"""How long an event waits for a lock of the database; after that the spool takes it."""
SHORTEST, LONGEST = 0.000_5, 0.004
"""Seconds between two looks at a lock: about as long as others hold it for a request."""

# Of PostgreSQL's classes of SQLSTATE: connection, transaction rolled back, out of resources
# (disk, memory, connections), in use, stopped by an operator, system error.
_CLASSES = ("08", "40", "53", "55", "57", "58")
_READ_ONLY = "25006"  # a primary that has become a standby
_TOO_LONG = ("25P03", "25P04")  # a process was paused inside a transaction, and is cut off
_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")
_SQLITE = (
    *(*_LOCKED, "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN"),
    *("SQLITE_READONLY", "SQLITE_PROTOCOL", "SQLITE_NOMEM", "SQLITE_INTERRUPT"),
)


def is_outage(error: Error) -> bool:
    """Whether the same statement can succeed later: away, locked, full, shutting down."""
    cause = error.__cause__
    if state := getattr(cause, "sqlstate", None):
        return str(state).startswith((*_CLASSES, _READ_ONLY, *_TOO_LONG))
    if name := getattr(cause, "sqlite_errorname", None):
        return str(name).startswith(_SQLITE)
    return isinstance(error, OperationalError | InterfaceError)


class Breaker:
    """Remembers for ``PAUSE`` that something failed; then one caller at a time tries again.

    Breakers of libraries let all callers of the moment through at once, and raise at the others.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._until: float | None = None
        enlist(self.succeeded)

    def lets_through(self) -> bool:
        """Whether to try. Says no to all but one caller of each pause after a failure."""
        if self._until is None:
            return True
        with self._lock:
            if self._until is None:
                return True
            if time.monotonic() < self._until:
                return False
            self._until = time.monotonic() + PAUSE
            return True

    def failed(self) -> None:
        self._until = time.monotonic() + PAUSE

    def succeeded(self) -> None:
        self._until = None


database = Breaker()
"""Whether this process finds the database away."""


@contextmanager
def asking() -> Iterator[None]:
    """Around what asks the database: notes whether it answered."""
    try:
        yield
    except Error as error:
        if is_outage(error):
            database.failed()
        raise
    database.succeeded()


def retrying_lock(work: Callable[[], Result]) -> Result:
    """Do what needs SQLite's write lock; fail unless it is free within ``LOCK_SECONDS``.

    SQLite itself would look again after 1, 2, 5 and up to 100 ms: too seldom to meet one of
    the moments in which nobody writes while others write all the time.
    """
    if connection.vendor != "sqlite":
        return work()
    deadline = time.monotonic() + LOCK_SECONDS
    pause = SHORTEST
    with _not_waiting():
        while True:
            try:
                return work()
            except OperationalError as error:
                if not _is_locked(error) or time.monotonic() >= deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, LONGEST)


def _is_locked(error: Error) -> bool:
    name = getattr(error.__cause__, "sqlite_errorname", "")
    return str(name).startswith(_LOCKED)


@contextmanager
def _not_waiting() -> Iterator[None]:
    """SQLite says at once that others are writing."""
    connection.ensure_connection()
    usual = settings.DATABASES["default"]["OPTIONS"]["timeout"]
    connection.connection.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        if connection.connection is not None:
            connection.connection.execute(f"PRAGMA busy_timeout = {usual * 1000}")


def let_others_write(held: float) -> None:
    """SQLite's lock is not fair: leave a gap after holding it for so many seconds."""
    if connection.vendor == "sqlite":
        time.sleep(min(held, 0.02))


@contextmanager
def short_transaction() -> Iterator[None]:
    """One of many in a row, with a gap behind it for those who write."""
    started = time.monotonic()
    with transaction.atomic():
        yield
    let_others_write(time.monotonic() - started)


def limit_waiting(connection: Any, **kwargs: object) -> None:
    """Receives ``connection_created`` in web processes: a locked table is no dead end.

    By a statement, as connection poolers refuse the same thing as a start-up option.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
