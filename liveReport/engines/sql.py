"""What SQLite and PostgreSQL do differently, in one place."""

import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from typing import Any, ClassVar

import numpy as np
import psycopg
from django.db import connection, transaction
from psycopg.adapt import Dumper
from psycopg.pq import Format

from liveReport.ingest.payload import Column, Mask

_SQLITE_VARIABLES = 30_000
"""Values that one statement may have, with room to spare."""
_POSTGRESQL_ROWS = 5_000
"""Rows asked for at a time: for much more, PostgreSQL would spend 100 ms on compiling (JIT)."""


Values = Column | Mask | Sequence[bytes | None] | int | str
"""A column's values row by row, or the one value of all rows."""


def insert(table: str, columns: Mapping[str, Values], conflict: str = "") -> int:
    """Insert many rows with one statement; how many were inserted or updated.

    The first column has a value for each row. ``conflict`` is the clause after
    ``ON CONFLICT``: without one there must be none. The caller sorts the rows, so
    that no two writers deadlock.
    """
    if not len(next(iter(columns.values()))):  # type: ignore[arg-type]
        return 0
    into = f"INSERT INTO {table} ({', '.join(columns)})"
    otherwise = conflict and f"ON CONFLICT {conflict}"
    if connection.vendor == "postgresql":
        return _insert_on_postgresql(into, columns, otherwise)
    marks = ", ".join("%s" for _ in columns)
    rows = list(zip(*map(_row_by_row, columns.values()), strict=False))  # constants never end
    with connection.cursor() as cursor:
        cursor.executemany(f"{into} VALUES ({marks}) {otherwise}", rows)
        return int(cursor.rowcount)


def _row_by_row(values: Values) -> Iterable[Any]:
    if isinstance(values, np.ndarray):
        return list(values.tolist())
    return repeat(values) if isinstance(values, int | str) else values


def _insert_on_postgresql(into: str, columns: Mapping[str, Values], otherwise: str) -> int:
    arrays = [name for name, values in columns.items() if not isinstance(values, int | str)]
    chosen = ", ".join(_chosen(name, values) for name, values in columns.items())
    unnested = ", ".join(f"%({name})s" for name in arrays)
    rows = f"SELECT {chosen} FROM unnest({unnested}) AS row ({', '.join(arrays)})"
    given = {
        name: values if isinstance(values, int | str) else _array(values)
        for name, values in columns.items()
    }
    with _binary_cursor() as cursor:
        cursor.execute(f"{into} {rows} {otherwise}", given)
        return cursor.rowcount


def _chosen(name: str, values: Values) -> str:
    if isinstance(values, int | str):
        return f"%({name})s::{'bigint' if isinstance(values, int) else 'text'}"
    return f"{name} <> 0" if isinstance(values, np.ndarray) and values.dtype == bool else name


@contextmanager
def _binary_cursor() -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
    """Takes columns as PostgreSQL's binary arrays: Django's own would go through each element."""
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as cursor,
    ):
        cursor.adapters.register_dumper(_Numbers, _NumbersDumper)
        cursor.adapters.register_dumper(_Blobs, _BlobsDumper)
        yield cursor


@dataclass(frozen=True)
class _Numbers:
    """A column of numbers (or truths), to be sent as ``bigint[]``."""

    values: Column | Mask


@dataclass(frozen=True)
class _Blobs:
    """A column of bytes, to be sent as ``bytea[]``."""

    values: Sequence[bytes | None]


def _array(values: Column | Mask | Sequence[bytes | None]) -> _Numbers | _Blobs:
    return _Numbers(values) if isinstance(values, np.ndarray) else _Blobs(values)


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

    def dump(self, obj: _Numbers) -> bytes:
        elements = np.empty(len(obj.values), self.ELEMENT)
        elements["size"] = 8
        elements["value"] = obj.values
        return _HEADER.pack(1, 0, _NUMBER.oid, len(elements), 1) + elements.tobytes()


class _BlobsDumper(Dumper):
    """Writes bytes as they are, without a look for what would be escaped in text."""

    format = Format.BINARY
    oid = _BYTES.array_oid

    def dump(self, obj: _Blobs) -> bytes:
        parts = [_HEADER.pack(1, 1, _BYTES.oid, len(obj.values), 1)]
        for value in obj.values:
            parts += [_NULL] if value is None else [_SIZE.pack(len(value)), value]
        return b"".join(parts)


def fetch(query: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows of a query; ``given`` may hold what ``among`` gives."""
    if connection.vendor == "postgresql":
        with _binary_cursor() as cursor:
            return cursor.execute(query, given, binary=True).fetchall()
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return list(cursor.fetchall())


def fetch_in(
    columns: str, table: str, keys: Sequence[str], values: Column
) -> list[tuple[Any, ...]]:
    """Rows of a table whose key, of some integer columns, is a row of ``values``.

    One look into the index for each, whatever a planner believes that the table holds:
    its statistics know nothing yet of what was written last, and that is what is asked for.
    """
    postgresql = connection.vendor == "postgresql"
    step = _POSTGRESQL_ROWS if postgresql else _SQLITE_VARIABLES // len(keys)
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(values), step):
        part = values[start : start + step]
        if postgresql:
            rows += _fetch_in_on_postgresql(columns, table, keys, part)
        else:
            rows += _fetch_in_on_sqlite(columns, table, keys, part)
    return rows


def _fetch_in_on_postgresql(
    columns: str, table: str, keys: Sequence[str], values: Column
) -> list[tuple[Any, ...]]:
    arrays = ", ".join("%s" for _ in keys)
    wanted = ", ".join(f"wanted_{key}" for key in keys)
    equal = " AND ".join(f"{key} = wanted_{key}" for key in keys)
    # What has an OFFSET is evaluated for every row of what is left of it.
    each = f"SELECT * FROM {table} WHERE {equal} OFFSET 0"
    query = f"FROM unnest({arrays}) AS wanted ({wanted}) CROSS JOIN LATERAL ({each}) AS found"
    return fetch(f"SELECT {columns} {query}", [_Numbers(key) for key in values.T])


def _fetch_in_on_sqlite(
    columns: str, table: str, keys: Sequence[str], values: Column
) -> list[tuple[Any, ...]]:
    names = ", ".join(keys)
    marks = ", ".join([f"({', '.join('%s' for _ in keys)})"] * len(values))
    # A cross join is done in the order in which it is written.
    query = f"SELECT {columns} FROM wanted CROSS JOIN {table} USING ({names})"
    return fetch(f"WITH wanted ({names}) AS (VALUES {marks}) {query}", values.ravel().tolist())


def among(column: str, values: Column | Sequence[int]) -> tuple[str, Any]:
    """A condition that an integer column is one of any number of values, and its parameter."""
    found = np.asarray(values, np.int64)
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)", _Numbers(found)
    return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(found.tolist())


_SNAPSHOT = """
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL jit = off
"""
"""Its reads take a millisecond or two: to start processes or a compiler for them takes many."""


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads inside see the same state of the database, and block no writer."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_SNAPSHOT)
            yield
    else:
        # atomic() would take SQLite's write lock (transaction_mode IMMEDIATE).
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
