"""Small SQLite files of this machine's own, which all its processes share.

SQLite brings what a file of our own making would need to be given: an append that
is on disk or not there at all, whatever was cut off by a crash, a lock between
processes, and a bound on the size. These files do not depend on the database.
"""

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any
from weakref import WeakSet

BUSY_SECONDS = 5

logger = logging.getLogger(__name__)


class LocalFile:
    """One such file, opened when it is first needed; one connection to a process.

    A file that was deleted or replaced meanwhile is opened anew: what is written
    to a file that nobody will find again is lost.
    """

    def __init__(self, path: Path, set_up: str, *, durable: bool) -> None:
        self.path = path
        self._set_up = set_up
        self._durable = durable
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        _files.add(self)

    def exists(self) -> bool:
        """Whether anybody has ever written anything."""
        return self.path.exists()

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """The connection, in autocommit mode, to one thread at a time.

        Raises ``sqlite3.Error`` or ``OSError``.
        """
        with self._lock:
            if self._connection is None or self._current_inode() != self._inode:
                self._open()
            assert self._connection is not None  # noqa: S101 (for the type checker)
            yield self._connection

    def first(self, query: str, *parameters: object) -> Any:
        """The first row, if there is one and the file can be used: one that only remembers."""
        try:
            with self.connection() as connection:
                return connection.execute(query, parameters).fetchone()
        except (sqlite3.Error, OSError) as error:
            logger.warning("%s cannot be used: %s", self.path.name, type(error).__name__)
            return None

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _open(self) -> None:
        self.close()
        self._create()
        lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # One at a time: who changes the mode of a new file does not wait for others.
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._set_up_connection()
        finally:
            os.close(lock)

    def _set_up_connection(self) -> None:
        opened = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            opened.executescript(
                f"PRAGMA synchronous={'FULL' if self._durable else 'NORMAL'};" + self._set_up
            )
        except sqlite3.Error:
            opened.close()
            raise
        self._connection, self._inode = opened, self._current_inode()

    def _create(self) -> None:
        """The file and its folder, for the eyes of their owner only, and their names on disk."""
        folder = self.path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.path.exists():
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        for named in (folder, folder.parent):
            handle = os.open(named, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _current_inode(self) -> int:
        try:
            return self.path.stat().st_ino
        except FileNotFoundError:
            return 0

    def forget(self) -> None:
        """In a forked child, which must neither use nor close its parent's connection."""
        _inherited.append(self._connection)
        self._lock = RLock()
        self._connection = None


def _forget_all() -> None:
    for file in _files:
        file.forget()


_files: WeakSet[LocalFile] = WeakSet()
_inherited: list[sqlite3.Connection | None] = []
os.register_at_fork(after_in_child=_forget_all)
