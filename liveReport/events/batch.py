"""How accepted events are held: column by column, in memory and in the event log.

Of the events of one request few differ in more than id, time and profile. What the
others share is said once, as a shape, so that whoever counts them has little to
look at. In the log the columns are msgpack, compressed with zstandard.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import numpy as np
import zstandard

from .columns import Ints, Mask, concatenated


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
    """One accepted event. ``at`` is in microseconds, ``profile`` the pseudonym."""

    id: str
    shape: Shape
    at: int
    profile: int
    message: str = ""


@dataclass(frozen=True, eq=False)
class Events:
    """Accepted events: ``shape[i]`` is the place of event ``i``'s shape in ``shapes``.

    ``at`` is in microseconds since 1970, ``profile`` a signed 64-bit pseudonym,
    ``messages`` holds "" for events that are about no message.
    """

    shapes: Sequence[Shape]
    shape: Ints
    ids: Sequence[str]
    at: Ints
    profile: Ints
    messages: Sequence[str]

    @classmethod
    def of(cls, events: Iterable[LogEvent]) -> "Events":
        """The columns of some single events."""
        rows = list(events)
        places = {shape: place for place, shape in enumerate(dict.fromkeys(e.shape for e in rows))}
        return cls(
            list(places),
            np.array([places[event.shape] for event in rows], np.int64),
            [event.id for event in rows],
            np.array([event.at for event in rows], np.int64),
            np.array([event.profile for event in rows], np.int64),
            [event.message for event in rows],
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
        return cls(
            list(places),
            concatenated(place[part.shape] for place, part in zip(moved, parts, strict=True)),
            list(chain.from_iterable(part.ids for part in parts)),
            concatenated(part.at for part in parts),
            concatenated(part.profile for part in parts),
            list(chain.from_iterable(part.messages for part in parts)),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[LogEvent]:
        shapes = map(self.shapes.__getitem__, self.shape.tolist())
        columns = (self.ids, shapes, self.at.tolist(), self.profile.tolist(), self.messages)
        return map(LogEvent, *columns)

    def take(self, places: Ints) -> "Events":
        """The events at these places, without shapes that none of them has."""
        used, shape = np.unique(self.shape[places], return_inverse=True)
        chosen = places.tolist()
        return Events(
            [self.shapes[place] for place in used.tolist()],
            shape.astype(np.int64),
            [self.ids[place] for place in chosen],
            self.at[places],
            self.profile[places],
            [self.messages[place] for place in chosen],
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
        if len(set(self.ids)) == len(self):
            return 0
        _campaigns, place = self.by_campaign()
        return len(self) - len(set(zip(place.tolist(), self.ids, strict=True)))

    def of_shapes(self, chosen: Iterable[bool]) -> Mask:
        """Which events have a shape that is chosen; a flag for each of ``shapes``."""
        return np.fromiter(chosen, np.bool_, len(self.shapes))[self.shape]


class _Stored(msgspec.Struct, array_like=True):
    """``shape``, ``at`` and ``profile`` as the bytes of little-endian integers.

    ``at`` is stored as differences, which are small where events come in order.
    """

    shapes: list[Any]
    shape: bytes
    ids: Sequence[str]
    at: bytes
    profile: bytes
    messages: Sequence[str]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Stored)


def encode(events: Events) -> bytes:
    """Pack events for ``EventBatch.payload``."""
    stored = _Stored(
        list(events.shapes),
        events.shape.astype("<u4").tobytes(),
        events.ids,
        np.diff(events.at, prepend=0).astype("<i8").tobytes(),
        events.profile.astype("<i8").tobytes(),
        events.messages,
    )
    return zstandard.ZstdCompressor(level=1).compress(_encoder.encode(stored))


def decode(payload: bytes | memoryview) -> Events:
    """Unpack ``EventBatch.payload``."""
    stored = _decoder.decode(zstandard.ZstdDecompressor().decompress(bytes(payload)))
    return Events(
        [msgspec.convert(shape, Shape) for shape in stored.shapes],
        np.frombuffer(stored.shape, "<u4").astype(np.int64),
        stored.ids,
        np.cumsum(np.frombuffer(stored.at, "<i8")),
        np.frombuffer(stored.profile, "<i8").astype(np.int64),
        stored.messages,
    )
