"""Keys that are remembered for days, clustered by when they were first met.

A b-tree of random keys makes every insert touch a page of its own, and costs more
the more it holds. So keys live in periods: new ones go to the current period, which
is small; the closed ones are asked through a filter in memory first, which
knows of nearly every key that it is not among them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
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

FULL = 1_000_000
"""Keys in a period of one kind, beyond which another is begun: their b-tree fits in memory."""
LONGEST = timedelta(hours=6)
"""How long a period takes keys: it is dropped as a whole, when the last has had its time."""
_BITS = 20
"""Bits of a filter for each key: about 1 key in 6,000 is looked up in vain."""
_SCATTER = (np.uint64(1), np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
"""Odd factors that make other hashes of a hash; three words of a filter belong to each key."""
_PICKS = (np.uint64(0), np.uint64(6), np.uint64(12))
"""Where in a hash the numbers of the three bits are that are set in a word."""
_HALF = np.uint64(32)


class Probe(NamedTuple):
    """One of the words that each of some keys has in any filter, and its bits in there.

    ``share`` says which word: how far down the filter, in fractions of 2³².
    """

    share: NDArray[np.uint64]
    bits: NDArray[np.uint64]

    @classmethod
    def all_of(cls, keys: Column) -> list["Probe"]:
        """The keys are hashes already."""
        hashes = [keys.view(np.uint64) * factor for factor in _SCATTER]
        return [cls(hash_ >> _HALF, _bits(hash_)) for hash_ in hashes]

    def at(self, places: Column) -> "Probe":
        return Probe(self.share[places], self.bits[places])


def _bits(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    bits = np.zeros(len(hashes), np.uint64)
    for pick in _PICKS:
        bits |= np.uint64(1) << (hashes >> pick & np.uint64(63))
    return bits


@dataclass(frozen=True)
class Filter:
    """A Bloom filter, by words of 64 bits: most keys that it lacks cost one look."""

    words: NDArray[np.uint64]

    @classmethod
    def of(cls, keys: Column) -> "Filter":
        made = cls(np.zeros(1 + len(keys) * _BITS // 64, np.uint64))
        for probe in Probe.all_of(keys):
            np.bitwise_or.at(made.words, made._places(probe), probe.bits)
        return made

    def may_hold(self, probes: Sequence[Probe]) -> Column:
        """The places of keys that may be among those that the filter was made of."""
        first, *others = probes
        left = np.flatnonzero(self._agrees(first))
        for probe in others:
            left = left[self._agrees(probe.at(left))]
        return left

    def _agrees(self, probe: Probe) -> Mask:
        agrees: Mask = (self.words[self._places(probe)] & probe.bits) == probe.bits
        return agrees

    def _places(self, probe: Probe) -> NDArray[np.uint64]:
        return probe.share * np.uint64(len(self.words)) >> _HALF


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
        probes = Probe.all_of(keys)
        for period in self.closed:
            places = period.filters[table].may_hold(probes)
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
    places = np.column_stack((np.full(len(keys), period), keys))
    return sql.fetch_in(columns, table, ("period", "key"), places)
