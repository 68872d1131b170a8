"""Keys that are remembered for days, clustered by when they were first met.

Among random keys every insert is in a place of its own, and costs more the more there
are. So keys live in periods: new ones go to the current period, which is small, and of
which whoever folds keeps the events' keys in memory; the closed ones are asked
through a filter in memory first, which knows of nearly every key that it is not
among them. Benchmark part ``growth`` shows that the fold's cost does not grow with them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from zlib import crc32

import numpy as np
from django.db import connection
from django.db.models import F, Max

from liveReport.engines import sql
from liveReport.events.columns import Ints, Mask
from liveReport.models import EventBatch, KeyPage, KeyPeriod

from . import keypages
from .bloom import Filter, Probe
from .keypages import EVENTS, Owned, page_of, places_in

MESSAGES = "livereport_messagestate"
TABLES = (EVENTS, MESSAGES)

FULL = 1_000_000
"""Keys in a period of one kind, beyond which another is begun: they fit in memory."""
LONGEST = timedelta(hours=6)
"""How long a period takes keys: it is dropped as a whole, when the last has had its time."""
NOBODY = 0
"""No batch has this id."""


@dataclass(frozen=True, eq=False)
class Current:
    """The period that takes new keys, with the events' keys that it has, sorted.

    ``checksum`` is over all of its pages, in order: what a process remembers of a
    transaction that was rolled back has another one than the database.
    """

    pk: int
    pages: int
    checksum: int
    owned: Owned

    @classmethod
    def empty(cls, pk: int) -> "Current":
        return cls(pk, 0, 0, Owned.joined([]))

    def read_on(self) -> "Current":
        """The period with those pages as well that were written since."""
        later = keypages.read_from(self.pk, self.pages)
        return self._with(later[-1][0] + 1, [page for _, page in later]) if later else self

    def owners(self, keys: Ints) -> Ints:
        """The batch that first brought each key, ``NOBODY`` for those that are not in here."""
        owners = np.full(len(keys), NOBODY)
        found, places = places_in(self.owned.keys, keys)
        owners[found] = self.owned.batches[places]
        return owners

    def add(self, new: Owned) -> None:
        """Record sorted keys that are not in here. Call inside a transaction."""
        if not len(new.keys):
            return
        keypages.write(self.pk, {self.pages: new})
        grown = self._with(self.pages + 1, [new])
        KeyPeriod.objects.filter(pk=self.pk).update(
            events=len(grown.owned.keys), checksum=grown.checksum
        )
        _remember(grown)

    def _with(self, pages: int, more: Sequence[Owned]) -> "Current":
        checksum = self.checksum
        for page in more:
            checksum = _checksum(checksum, page)
        return Current(self.pk, pages, checksum, self.owned.merged(more))


def _checksum(before: int, page: Owned) -> int:
    digest = blake2b(before.to_bytes(8, "little", signed=True), digest_size=8)
    for column in page:
        digest.update(column.tobytes())
    return int.from_bytes(digest.digest(), "little", signed=True)


@dataclass(frozen=True)
class Closed:
    """A period that takes no more keys, with a filter for each table."""

    pk: int
    events: int
    filters: dict[str, Filter]


@dataclass(frozen=True)
class Periods:
    """The periods that hold keys now: the one that takes new ones, and those before it."""

    current: Current
    closed: Sequence[Closed]

    def holding(self, table: str, keys: Ints) -> Iterator[tuple[Closed, Ints]]:
        """For each closed period the places of keys that may be in it."""
        probes = Probe.all_of(keys)
        for period in self.closed:
            places = period.filters[table].may_hold(probes)
            if len(places):
                yield period, places

    def claim(self, keys: Ints, batches: Ints) -> Mask:
        """Record events' keys with the batch that brings them; which of them count.

        ``keys`` are sorted and none is repeated. A key that this same batch has claimed
        before counts: folding again is safe. Call inside a transaction.
        """
        owners = self.owners(keys)
        new = owners == NOBODY
        self.current.add(Owned(keys[new], batches[new]))
        counting: Mask = new | (owners == batches)
        return counting

    def owners(self, keys: Ints) -> Ints:
        """The batch that first brought each of some sorted keys, ``NOBODY`` for new ones."""
        owners = self.current.owners(keys)
        for owned in keypages.read(self._pages(keys)):
            met, places = places_in(keys, owned.keys)
            owners[places] = owned.batches[met]
        return owners

    def _pages(self, keys: Ints) -> Ints:
        """Period and number of each page of a closed period that may hold some of the keys."""
        pages = [np.empty((0, 2), np.int64)]
        for period, places in self.holding(EVENTS, keys):
            numbers = np.unique(page_of(keys[places], period.events))
            pages.append(np.column_stack((np.full(len(numbers), period.pk), numbers)))
        return np.concatenate(pages)


_current = Current.empty(0)
"""The current period as this process has last seen it."""
_loaded: dict[tuple[int, int], Closed] = {}
"""Closed periods by id and checksum: they never change."""


def load(now: datetime) -> Periods:
    """The periods as they are, one opened if none is. For the holder of the fold's lease."""
    if not KeyPeriod.objects.filter(closed_at=None).exists():
        KeyPeriod.objects.create(opened_at=now)
    return as_stored()


def as_stored() -> Periods:
    """The periods as they are. For whoever records no key: call inside ``sql.snapshot``."""
    opened = KeyPeriod.objects.filter(closed_at=None).values_list("pk", "checksum").first()
    current = _current_as(*opened) if opened else Current.empty(0)
    closed = KeyPeriod.objects.exclude(closed_at=None).order_by("-pk")
    known = list(closed.values_list("pk", "checksum"))
    for gone in _loaded.keys() - set(known):
        _loaded.pop(gone, None)  # another thread may have seen that, too
    return Periods(current, [_closed(*key) for key in known])


def _current_as(pk: int, checksum: int) -> Current:
    """The current period, of which only those pages are read that this process lacks."""
    known = _current
    if (known.pk, known.checksum) == (pk, checksum):
        return known
    if known.pk == pk:
        known = known.read_on()
    if (known.pk, known.checksum) != (pk, checksum):
        known = Current.empty(pk).read_on()
    return _remember(known)


def _remember(current: Current) -> Current:
    global _current
    _current = current
    return current


def grow(period: int, messages: int) -> None:
    """Note how many messages a period has taken."""
    KeyPeriod.objects.filter(pk=period).update(messages=F("messages") + messages)


@dataclass(frozen=True)
class Closing:
    """A period that is over, with the filters and the pages that it will have."""

    period: KeyPeriod
    pages: dict[int, Owned]

    def save(self) -> None:
        """Close the period. Call inside a transaction."""
        self.period.save()
        KeyPage.objects.filter(period=self.period.pk).delete()
        keypages.write(self.period.pk, self.pages)


def due(now: datetime) -> Closing | None:
    """The current period if it is full or old, ready to be saved as closed.

    Goes through all of its keys, which is why this is no part of the transaction that saves it.
    """
    period = KeyPeriod.objects.filter(closed_at=None).first()
    if period is None or not _is_over(period, now):
        return None
    owned = _current_as(period.pk, period.checksum).owned
    filters = [Filter.of(keys).words.tobytes() for keys in (owned.keys, _messages(period.pk))]
    period.event_filter, period.message_filter = filters
    period.checksum = crc32(b"".join(filters))
    period.events = len(owned.keys)
    period.closed_at = max(now, _latest_receipt() or now)
    return Closing(period, owned.divided())


def _latest_receipt() -> datetime | None:
    """When the last of the log's batches came: later than it is, if clocks were set back since.

    Keys that go before their batches would leave these without anything that they brought.
    """
    latest: datetime | None = EventBatch.objects.aggregate(Max("received_at"))["received_at__max"]
    return latest


def _is_over(period: KeyPeriod, now: datetime) -> bool:
    full = max(period.events, period.messages) >= FULL
    return full or not period.opened_at <= now < period.opened_at + LONGEST


def _messages(period: int) -> Ints:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # all in one value: rows are dear to fetch
            joined = "SELECT string_agg(int8send(key), ''::bytea)"
            cursor.execute(f"{joined} FROM {MESSAGES} WHERE period = %s", [period])
            return np.frombuffer(bytes(cursor.fetchone()[0] or b""), ">i8").astype(np.int64)
        cursor.execute(f"SELECT key FROM {MESSAGES} WHERE period = %s", [period])
        return np.fromiter((key for (key,) in cursor), np.int64)


def _closed(pk: int, checksum: int) -> Closed:
    if found := _loaded.get((pk, checksum)):
        return found
    row = KeyPeriod.objects.get(pk=pk)
    filters = (row.event_filter, row.message_filter)
    found = Closed(
        pk,
        row.events,
        {
            table: Filter(np.frombuffer(bytes(words), np.uint64))
            for table, words in zip(TABLES, filters, strict=True)
        },
    )
    _loaded[pk, checksum] = found
    return found


def find_messages(period: int, keys: Ints) -> Ints:
    """Those of some keys of which a period has the message's state."""
    places = {"period": np.full(len(keys), period), "key": keys}
    found = sql.fetch_in("key", MESSAGES, places)
    return np.array([key for (key,) in found], np.int64)
