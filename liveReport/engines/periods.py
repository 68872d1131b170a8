"""Keys that are remembered for days, clustered by when they were first met.

A b-tree of random keys makes every insert touch a page of its own, and costs more
the more it holds. So keys live in periods: new ones go to the current period, which
is small; the closed ones are asked through a filter in memory first, which
knows of nearly every key that it is not among them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import numpy as np
from django.db import connection
from django.db.models import F
from numpy.typing import NDArray

from liveReport.ingest.payload import Column, Mask
from liveReport.models import KeyPeriod

from . import sql

EVENTS = "livereport_seenevent"
MESSAGES = "livereport_messagestate"
TABLES = (EVENTS, MESSAGES)

FULL = 500_000
"""Keys in a period of one kind, beyond which another is begun."""
LONGEST = timedelta(hours=6)
"""How long a period takes keys: it is dropped as a whole, when the last has had its time."""
_BITS = 12
"""Bits of a filter for each key: about 1 key in 40 is looked up in vain."""


@dataclass(frozen=True)
class Filter:
    """A blocked Bloom filter: four bits of one 64-bit word for each key.

    The keys are hashes already; their bits say which word and which bits.
    """

    words: NDArray[np.uint64]

    @classmethod
    def of(cls, keys: Column) -> "Filter":
        words = np.zeros(1 + len(keys) * _BITS // 64, np.uint64)
        made = cls(words)
        place, bits = made._places(keys)
        np.bitwise_or.at(words, place, bits)
        return made

    def may_hold(self, keys: Column) -> Mask:
        """False where a key is certainly not among those that the filter was made of."""
        place, bits = self._places(keys)
        held: Mask = (self.words[place] & bits) == bits
        return held

    def _places(self, keys: Column) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        hashes = keys.view(np.uint64)
        place = ((hashes >> np.uint64(32)) * np.uint64(len(self.words))) >> np.uint64(32)
        bits = np.zeros(len(keys), np.uint64)
        for shift in (0, 6, 12, 18):
            bits |= np.uint64(1) << ((hashes >> np.uint64(shift)) & np.uint64(63))
        return place, bits


@dataclass(frozen=True)
class Closed:
    """A period that takes no more keys, with a filter for each table."""

    pk: int
    filters: dict[str, Filter]


@dataclass(frozen=True)
class Periods:
    """The periods that hold keys now: the one that takes new ones, and those before it."""

    current: int
    closed: Sequence[Closed]

    def holding(self, table: str, keys: Column) -> Iterator[tuple[int, Column]]:
        """For each closed period the places of keys that may be in it."""
        for period in self.closed:
            places = np.flatnonzero(period.filters[table].may_hold(keys))
            if len(places):
                yield period.pk, places


_loaded: dict[tuple[int, int], Closed] = {}
"""Closed periods by id and checksum: they never change."""


def load(now: datetime) -> Periods:
    """The periods as they are, one opened if none is. For the holder of the fold's lease."""
    current = KeyPeriod.objects.filter(closed_at=None).values_list("pk", flat=True).first()
    if current is None:
        current = KeyPeriod.objects.create(opened_at=now).pk
    closed = KeyPeriod.objects.exclude(closed_at=None).order_by("-pk")
    known = list(closed.values_list("pk", "checksum"))
    for gone in _loaded.keys() - set(known):
        del _loaded[gone]
    return Periods(current, [_closed(*key) for key in known])


def grow(period: int, events: int, messages: int) -> None:
    """Note how many keys a period has taken."""
    KeyPeriod.objects.filter(pk=period).update(
        events=F("events") + events, messages=F("messages") + messages
    )


def due(now: datetime) -> KeyPeriod | None:
    """The current period if it is full or old, ready to be saved as closed.

    Reads all of its keys, which is why this is no part of the transaction that saves it.
    """
    period = KeyPeriod.objects.filter(closed_at=None).first()
    if period is None or not _is_over(period, now):
        return None
    filters = [Filter.of(_keys(table, period.pk)).words.tobytes() for table in TABLES]
    period.event_filter, period.message_filter = filters
    period.checksum = crc32(b"".join(filters))
    period.closed_at = now
    return period


def _is_over(period: KeyPeriod, now: datetime) -> bool:
    full = max(period.events, period.messages) >= FULL
    return full or not period.opened_at <= now < period.opened_at + LONGEST


def _keys(table: str, period: int) -> Column:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # all in one value: rows are dear to fetch
            joined = "SELECT string_agg(int8send(key), ''::bytea)"
            cursor.execute(f"{joined} FROM {table} WHERE period = %s", [period])
            return np.frombuffer(bytes(cursor.fetchone()[0] or b""), ">i8").astype(np.int64)
        cursor.execute(f"SELECT key FROM {table} WHERE period = %s", [period])
        return np.fromiter((key for (key,) in cursor), np.int64)


def _closed(pk: int, checksum: int) -> Closed:
    if (pk, checksum) not in _loaded:
        row = KeyPeriod.objects.get(pk=pk)
        filters = (row.event_filter, row.message_filter)
        _loaded[pk, checksum] = Closed(
            pk,
            {
                table: Filter(np.frombuffer(bytes(words), np.uint64))
                for table, words in zip(TABLES, filters, strict=True)
            },
        )
    return _loaded[pk, checksum]


def find(columns: str, table: str, period: int, keys: Column) -> list[tuple[Any, ...]]:
    """Rows of a period whose key is among ``keys``."""
    inside, given = sql.among("key", keys.tolist())
    query = f"SELECT {columns} FROM {table} WHERE period = %s AND {inside}"
    with connection.cursor() as cursor:
        cursor.execute(query, [period, given])
        return list(cursor.fetchall())
