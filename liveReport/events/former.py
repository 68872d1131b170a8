"""Events as the release before this one stored them: ids and messages as they were sent.

What it left behind, in a spool or in a batch that it wrote while the tables were already
those of today, is read as what this release would have made of it.
"""

from typing import Any, NamedTuple

import msgspec
import numpy as np
from django.conf import settings

from .batch import Events, Shape, decompressed, unpacked
from .columns import Ints
from .hashes import id_keys, message_keys

_FIELDS_OF_SIX = 0x96
"""What msgpack begins an array of six fields with: those of today begin with the key's version."""


class Former(NamedTuple):
    """Events as they were stored, column by column; ``messages`` has "" for none."""

    shapes: list[Shape]
    shape: Ints
    ids: list[str]
    at: Ints
    profile: Ints
    messages: list[str]

    def keyed(self, source: int) -> Events:
        """The same events of a source with keys in place of ids and messages."""
        scopes = [(shape.campaign, shape.channel) for shape in self.shapes]
        campaigns = [campaign for campaign, _channel in scopes]
        return Events(
            self.shapes,
            self.shape,
            id_keys(source, campaigns, self.shape, self.ids),
            self.at,
            self.profile,
            message_keys(scopes, self.shape, self.messages),
            settings.PSEUDONYM_KEY.version,
        )


class _Stored(msgspec.Struct, array_like=True):
    shapes: list[Any]
    shape: bytes
    ids: list[str]
    at: bytes
    profile: bytes
    messages: list[str]


_decoder = msgspec.msgpack.Decoder(_Stored)


def read(payload: bytes | memoryview, source: int) -> Events:
    """Unpack a payload of a source, whichever of the two releases wrote it."""
    plain = decompressed(payload)
    return _unpacked(plain).keyed(source) if _is_former(plain) else unpacked(plain)


def wrote(payload: bytes | memoryview) -> bool:
    """Whether it was the former release that packed this."""
    return _is_former(decompressed(payload))


def unpack(payload: bytes | memoryview) -> Former | None:
    """What the former release wrote, as it did; ``None`` if it was not that one."""
    plain = decompressed(payload)
    return _unpacked(plain) if _is_former(plain) else None


def _is_former(plain: bytes) -> bool:
    return plain[:1] == bytes([_FIELDS_OF_SIX])


def _unpacked(plain: bytes) -> Former:
    stored = _decoder.decode(plain)
    return Former(
        [msgspec.convert(shape, Shape) for shape in stored.shapes],
        np.frombuffer(stored.shape, "<u4").astype(np.int64),
        stored.ids,
        np.cumsum(np.frombuffer(stored.at, "<i8")),
        np.frombuffer(stored.profile, "<i8").astype(np.int64),
        stored.messages,
    )
