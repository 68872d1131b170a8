"""How accepted events are held: column by column, in memory and in the event log.

Of the events of one request few differ in more than id, time and profile. What the
others share is said once, as a shape, so that whoever counts them has little to
look at. In the log the columns are msgpack, compressed with zstandard.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import numpy as np
import zstandard
from django.conf import settings

from .columns import Ints, Mask, concatenated
from .hashes import NO_MESSAGE

MIXED = -1
"""In place of the version of a key: not all events have been hashed with the same."""


class Shape(NamedTuple):
    """What events can have in common.

    ``execution`` is in microseconds since 1970, 0 without one. ``dimensions`` has
    a value for each dimension of the event type, ``__none__`` where missing.
    """

    campaign: str
    channel: str
    type: str
    execution: int
    dimensions: tuple[tuple[str, str], ...]


class LogEvent(NamedTuple):
    """One accepted event. ``at`` is in microseconds; the names are keys (see ``hashes``)."""

    id: int
    shape: Shape
    at: int
    profile: int
    message: int = NO_MESSAGE


@dataclass(frozen=True, eq=False)
class Events:
    """Accepted events: ``shape[i]`` is the place of event ``i``'s shape in ``shapes``.

    ``at`` is in microseconds since 1970. ``ids``, ``profile`` and ``messages`` are signed
    keys of 64 bits, made with the version ``key`` of the site's key (see ``hashes``): an id's
    says its source and campaign as well, a message's its campaign and channel.
    """

    shapes: Sequence[Shape]
    shape: Ints
    ids: Ints
    at: Ints
    profile: Ints
    messages: Ints
    key: int

    @classmethod
    def of(cls, events: Iterable[LogEvent]) -> "Events":
        """The columns of some single events, hashed with the site's key."""
        rows = list(events)
        places = {shape: place for place, shape in enumerate(dict.fromkeys(e.shape for e in rows))}
        return cls(
            list(places),
            np.array([places[event.shape] for event in rows], np.int64),
            np.array([event.id for event in rows], np.int64),
            np.array([event.at for event in rows], np.int64),
            np.array([event.profile for event in rows], np.int64),
            np.array([event.message for event in rows], np.int64),
            settings.PSEUDONYM_KEY.version,
        )

    @classmethod
    def joined(cls, parts: Sequence["Events"]) -> "Events":
        """The events of all parts, in order."""
        if len(parts) == 1:
            return parts[0]
        places: dict[Shape, int] = {}
        moved = [
            np.array([places.setdefault(shape, len(places)) for shape in part.shapes], np.int64)
            for part in parts
        ]
        keys = {part.key for part in parts} or {settings.PSEUDONYM_KEY.version}
        return cls(
            list(places),
            concatenated(place[part.shape] for place, part in zip(moved, parts, strict=True)),
            concatenated(part.ids for part in parts),
            concatenated(part.at for part in parts),
            concatenated(part.profile for part in parts),
            concatenated(part.messages for part in parts),
            keys.pop() if len(keys) == 1 else MIXED,
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[LogEvent]:
        shapes = map(self.shapes.__getitem__, self.shape.tolist())
        at, profile, messages = self.at.tolist(), self.profile.tolist(), self.messages.tolist()
        return map(LogEvent, self.ids.tolist(), shapes, at, profile, messages)

    def take(self, places: Ints) -> "Events":
        """The events at these places, without shapes that none of them has."""
        used, shape = np.unique(self.shape[places], return_inverse=True)
        return Events(
            [self.shapes[place] for place in used.tolist()],
            shape.astype(np.int64),
            self.ids[places],
            self.at[places],
            self.profile[places],
            self.messages[places],
            self.key,
        )

    def where(self, kept: Mask) -> "Events":
        """The events of which ``kept`` is true."""
        return self.take(np.flatnonzero(kept))

    def campaigns(self) -> set[str]:
        """The slugs of the campaigns that the events name."""
        return {self.shapes[place].campaign for place in set(self.shape.tolist())}

    def by_campaign(self) -> tuple[list[str], Ints]:
        """The campaigns that the shapes name, in their order, and which of them each event's is."""
        places: dict[str, int] = {}
        each = [places.setdefault(shape.campaign, len(places)) for shape in self.shapes]
        return list(places), np.array(each, np.int64)[self.shape]

    def repeats(self) -> int:
        """How many events have the id of an earlier one of the same campaign."""
        return len(self) - len(np.unique(self.ids))

    def of_shapes(self, chosen: Iterable[bool]) -> Mask:
        """Which events have a shape that is chosen; a flag for each of ``shapes``."""
        return np.fromiter(chosen, np.bool_, len(self.shapes))[self.shape]


class _Stored(msgspec.Struct, array_like=True):
    """Columns as the bytes of little-endian integers.

    ``at`` is stored as differences, which are small where events come in order.
    """

    key: int
    shapes: list[Any]
    shape: bytes
    ids: bytes
    at: bytes
    profile: bytes
    messages: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Stored)


def encode(events: Events) -> bytes:
    """Pack events for ``EventBatch.payload``. ``ValueError`` for those of different keys."""
    if events.key == MIXED:
        raise ValueError("These events were not all hashed with the same key.")
    stored = _Stored(
        events.key,
        list(events.shapes),
        events.shape.astype("<u4").tobytes(),
        _bytes(events.ids),
        _bytes(np.diff(events.at, prepend=0)),
        _bytes(events.profile),
        _bytes(events.messages),
    )
    return zstandard.ZstdCompressor(level=1).compress(_encoder.encode(stored))


def decode(payload: bytes | memoryview) -> Events:
    """Unpack ``EventBatch.payload``."""
    return unpacked(decompressed(payload))


def decompressed(payload: bytes | memoryview) -> bytes:
    """What was packed into a payload."""
    return zstandard.ZstdDecompressor().decompress(bytes(payload))


def unpacked(plain: bytes) -> Events:
    """The events of a payload that is decompressed."""
    stored = _decoder.decode(plain)
    return Events(
        [msgspec.convert(shape, Shape) for shape in stored.shapes],
        np.frombuffer(stored.shape, "<u4").astype(np.int64),
        _ints(stored.ids),
        np.cumsum(_ints(stored.at)),
        _ints(stored.profile),
        _ints(stored.messages),
        stored.key,
    )


def _bytes(column: Ints) -> bytes:
    return column.astype("<i8").tobytes()


def _ints(packed: bytes) -> Ints:
    return np.frombuffer(packed, "<i8").astype(np.int64)
