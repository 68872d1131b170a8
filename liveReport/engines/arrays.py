"""Columns as PostgreSQL's binary arrays: Django's own way would go through each element."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from liveReport.events.columns import Ints, Mask


def register(cursor: psycopg.Cursor[Any]) -> None:
    """Let a cursor take the arrays below."""
    cursor.adapters.register_dumper(Numbers, _NumbersDumper)
    cursor.adapters.register_dumper(Blobs, _BlobsDumper)


@dataclass(frozen=True)
class Numbers:
    """A column of numbers (or truths), to be sent as ``bigint[]``."""

    values: Ints | Mask


@dataclass(frozen=True)
class Blobs:
    """A column of bytes, to be sent as ``bytea[]``."""

    values: Sequence[bytes | None]


_NUMBER = psycopg.postgres.types["int8"]
_BYTES = psycopg.postgres.types["bytea"]
_HEADER = struct.Struct(">iiIii")
_SIZE = struct.Struct(">i")
_NULL = _SIZE.pack(-1)


class _NumbersDumper(Dumper):
    """Writes all elements at once."""

    format = Format.BINARY
    oid = _NUMBER.array_oid
    ELEMENT: ClassVar = np.dtype([("size", ">i4"), ("value", ">i8")])

    def dump(self, obj: Numbers) -> bytes:
        elements = np.empty(len(obj.values), self.ELEMENT)
        elements["size"] = 8
        elements["value"] = obj.values
        return _HEADER.pack(1, 0, _NUMBER.oid, len(elements), 1) + elements.tobytes()


class _BlobsDumper(Dumper):
    """Writes bytes as they are, without a look for what would be escaped in text."""

    format = Format.BINARY
    oid = _BYTES.array_oid

    def dump(self, obj: Blobs) -> bytes:
        parts = [_HEADER.pack(1, 1, _BYTES.oid, len(obj.values), 1)]
        for value in obj.values:
            parts += [_NULL] if value is None else [_SIZE.pack(len(value)), value]
        return b"".join(parts)
