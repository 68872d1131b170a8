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

Params = Sequence[Any]

_SQLITE_VARIABLES = 30_000


Values = Column | Mask | Sequence[bytes | None] | int | str
"""A column's values row by row, or the one value of all rows."""


def insert(table: str, columns: Mapping[str, Values], conflict: str) -> int:
    """Insert many rows with one statement; how many were inserted or updated.

    The first column has a value for each row. ``conflict`` is the clause after
    ``ON CONFLICT``. The caller sorts the rows, so that no two writers deadlock.
    """
    if not len(next(iter(columns.values()))):  # type: ignore[arg-type]
        return 0
    into = f"INSERT INTO {table} ({', '.join(columns)})"
    if connection.vendor == "postgresql":
        return _insert_on_postgresql(into, columns, conflict)
    marks = ", ".join("%s" for _ in columns)
    rows = list(zip(*map(_row_by_row, columns.values()), strict=False))  # constants never end
    with connection.cursor() as cursor:
        cursor.executemany(f"{into} VALUES ({marks}) ON CONFLICT {conflict}", rows)
        return int(cursor.rowcount)


def _row_by_row(values: Values) -> Iterable[Any]:
    if isinstance(values, np.ndarray):
        return list(values.tolist())
    return repeat(values) if isinstance(values, int | str) else values


def _insert_on_postgresql(into: str, columns: Mapping[str, Values], conflict: str) -> int:
    """Bind on the server: Django's own cursor would escape every byte on the client."""
    arrays = {name: values for name, values in columns.items() if not isinstance(values, int | str)}
    chosen = ", ".join(_chosen(name, values) for name, values in columns.items())
    unnested = ", ".join(_unnested(name, values) for name, values in arrays.items())
    rows = f"SELECT {chosen} FROM unnest({unnested}) AS row ({', '.join(arrays)})"
    given = {
        name: _Array(values) if isinstance(values, np.ndarray) else values
        for name, values in columns.items()
    }
    return _run_on_postgresql(f"{into} {rows} ON CONFLICT {conflict}", given)


def _chosen(name: str, values: Values) -> str:
    if isinstance(values, int | str):
        return f"%({name})s::{'bigint' if isinstance(values, int) else 'text'}"
    return f"{name} <> 0" if isinstance(values, np.ndarray) and values.dtype == bool else name


def _unnested(name: str, values: Values) -> str:
    return f"%({name})s" if isinstance(values, np.ndarray) else f"%({name})s::bytea[]"


def _run_on_postgresql(query: str, given: Mapping[str, object]) -> int:
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as cursor,
    ):
        cursor.adapters.register_dumper(_Array, _ArrayDumper)
        cursor.execute(query, given)
        return cursor.rowcount


@dataclass(frozen=True)
class _Array:
    """A column of numbers (or truths), to be sent as PostgreSQL's binary ``bigint[]``."""

    values: Column | Mask


class _ArrayDumper(Dumper):
    """Writes all elements at once, where the driver would go through them one by one."""

    format = Format.BINARY
    oid = psycopg.postgres.types["int8"].array_oid
    HEADER = struct.Struct(">iiI")
    EXTENT = struct.Struct(">ii")
    ELEMENT: ClassVar = np.dtype([("size", ">i4"), ("value", ">i8")])

    def dump(self, obj: _Array) -> bytes:
        elements = np.empty(len(obj.values), self.ELEMENT)
        elements["size"] = 8
        elements["value"] = obj.values
        header = self.HEADER.pack(1, 0, psycopg.postgres.types["int8"].oid)
        return header + self.EXTENT.pack(len(elements), 1) + elements.tobytes()


def select_in(
    columns: str, table: str, keys: dict[str, str], values: Sequence[Params]
) -> list[tuple[Any, ...]]:
    """Rows of a table whose key is among ``values``.

    ``keys`` maps the key's columns to PostgreSQL types. SQLite takes the values
    in slices below its limit of variables.
    """
    names = f"({', '.join(keys)})"
    query = f"SELECT {columns} FROM {table} WHERE {names} IN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{kind}[]" for kind in keys.values())
            columnwise = [list(column) for column in zip(*values, strict=True)]
            cursor.execute(f"{query} (SELECT * FROM unnest({arrays}))", columnwise)
            return list(cursor.fetchall())
        rows: list[tuple[Any, ...]] = []
        step = _SQLITE_VARIABLES // len(keys)
        for start in range(0, len(values), step):
            part = values[start : start + step]
            mark = f"({', '.join('%s' for _ in keys)})"
            marks = ", ".join(mark for _ in part)
            cursor.execute(f"{query} (VALUES {marks})", [value for row in part for value in row])
            rows += cursor.fetchall()
        return rows


def among(column: str, values: Sequence[int]) -> tuple[str, list[int] | str]:
    """A condition that an integer column is one of any number of values, and its parameter."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)", list(values)
    return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(list(values))


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads inside see the same state of the database, and block no writer."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # atomic() would take SQLite's write lock (transaction_mode IMMEDIATE).
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
