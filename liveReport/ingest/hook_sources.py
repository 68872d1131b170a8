"""Which source a request of a provider is for, also while the database cannot be asked.

A process believes for a second what it read. What the database says is noted in a file that the
processes of this machine share, where secrets are digests or sealed, as in the database.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec
from cachetools import TTLCache
from django.conf import settings
from django.db import Error

from liveReport.engines import sources
from liveReport.engines.local import LocalFile
from liveReport.engines.outage import asking, database, is_outage
from liveReport.engines.sources import HookSource
from liveReport.memory import Memory

BELIEF = 1.0
"""Seconds for which a process believes what it read of a source."""
_SET_UP = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS source (name TEXT PRIMARY KEY, noted REAL NOT NULL, known BLOB NOT NULL);
"""

Find = Callable[[str, datetime], HookSource | None]
"""Asks the database."""


class NobodyKnows(Exception):
    """The database is away, and this source was not asked for lately."""


class KnownSources:
    """The sources that were asked for lately, as the database had them.

    ``kind`` says by what they are asked for, and calls their file so.
    """

    def __init__(self, folder: Path, kind: str, find: Find) -> None:
        self._find = find
        self._file = LocalFile(folder / f"{kind}.sqlite3", _SET_UP, durable=False)
        self._read = Memory[str, HookSource](TTLCache(1_000, BELIEF))
        self._noted = Memory[str, HookSource](TTLCache(1_000, 60.0))

    def find(self, name: str, now: datetime) -> HookSource | None:
        """The source if it is switched on. Raises ``NobodyKnows``."""
        if known := self._read.get(name):
            return known
        if database.lets_through():
            try:
                with asking():
                    return self._remember(name, self._find(name, now), now)
            except Error as error:
                if not is_outage(error):
                    raise
        return self._noted_lately(name, now)

    def is_familiar(self, name: str) -> bool:
        """Whether the database was asked for it within the last minute, and had it."""
        return self._noted.get(name) is not None

    def _remember(self, name: str, found: HookSource | None, now: datetime) -> HookSource | None:
        if found is None:
            if self._noted.get(name):
                self._noted.drop(name)
                self._file.first("DELETE FROM source WHERE name = ?", name)
            return None
        self._read.put(name, found)
        if self._noted.get(name) != found:
            self._noted.put(name, found)
            row = (name, now.timestamp(), msgspec.msgpack.encode(found))
            self._file.first("REPLACE INTO source VALUES (?, ?, ?)", *row)
        return found

    def _noted_lately(self, name: str, now: datetime) -> HookSource:
        row = self._file.first("SELECT noted, known FROM source WHERE name = ?", name)
        if row is None or abs(now.timestamp() - row[0]) >= settings.TOKEN_TRUST.total_seconds():
            raise NobodyKnows
        return msgspec.msgpack.decode(row[1], type=HookSource)

    def close(self) -> None:
        self._file.close()


def known_sources() -> KnownSources:
    """This machine's memory of sources, by name."""
    return _known(settings.SPOOL_DIR, "sources", sources.find)


def known_beacons() -> KnownSources:
    """The same by public key."""
    return _known(settings.SPOOL_DIR, "beacons", sources.find_public)


_known = cache(KnownSources)
