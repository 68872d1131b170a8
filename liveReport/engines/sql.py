"""What SQLite and PostgreSQL do differently, in one place."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any, cast

import numpy as np
import psycopg
from django.db import connection, transaction

from liveReport.events import moments
from liveReport.events.columns import Ints, Mask

from . import arrays
from .arrays import Blobs, Numbers

_SQLITE_VARIABLES = 30_000
"""Values that one statement may have, with room to spare."""
_POSTGRESQL_ROWS = 5_000
"""Rows asked for at a time: for much more, PostgreSQL would spend 100 ms on compiling (JIT)."""


Each = Ints | Mask | Sequence[bytes | None] | Sequence[str] | Sequence[datetime]
"""A column's values row by row."""
Values = Each | int | str
"""The same, or the one value of all rows."""


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


def update(table: str, keys: Mapping[str, Each], columns: Mapping[str, Values]) -> None:
    """Set some columns of the rows that have these keys, with one statement."""
    if not len(next(iter(keys.values()))):
        return
    if connection.vendor == "postgresql":
        _update_on_postgresql(table, keys, columns)
        return
    assigned = ", ".join(f"{name} = %s" for name in columns)
    equal = " AND ".join(f"{name} = %s" for name in keys)
    rows = list(zip(*map(_row_by_row, [*columns.values(), *keys.values()]), strict=False))
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {assigned} WHERE {equal}", rows)


def _update_on_postgresql(
    table: str, keys: Mapping[str, Each], columns: Mapping[str, Values]
) -> None:
    # Under names of their own: those of the table would be ambiguous.
    given = {f"new_{name}": values for name, values in {**keys, **columns}.items()}
    assigned = ", ".join(f"{name} = {_chosen(f'new_{name}', columns[name])}" for name in columns)
    equal = " AND ".join(f"{name} = new_{name}" for name in keys)
    query = f"UPDATE {table} SET {assigned} FROM {_unnested(given)} WHERE {equal}"
    with _binary_cursor() as cursor:
        cursor.execute(query, _parameters(given))


def _row_by_row(values: Values) -> Iterable[Any]:
    if isinstance(values, np.ndarray):
        return list(values.tolist())
    if isinstance(values, int | str):
        return repeat(values)
    if isinstance(values[0], datetime):
        adapted = connection.ops.adapt_datetimefield_value
        return [adapted(moment) for moment in cast("Sequence[datetime]", values)]
    return values


def _insert_on_postgresql(into: str, columns: Mapping[str, Values], otherwise: str) -> int:
    chosen = ", ".join(_chosen(name, values) for name, values in columns.items())
    with _binary_cursor() as cursor:
        query = f"{into} SELECT {chosen} FROM {_unnested(columns)} {otherwise}"
        cursor.execute(query, _parameters(columns))
        return cursor.rowcount


def _unnested(columns: Mapping[str, Values]) -> str:
    """Rows of those columns that have a value for each."""
    arrays = {name: each for name, each in columns.items() if not isinstance(each, int | str)}
    given = ", ".join(f"%({name})s{_cast(each)}" for name, each in arrays.items())
    return f"unnest({given}) AS row ({', '.join(arrays)})"


def _cast(values: Each) -> str:
    """What PostgreSQL has to be told of the type of an array."""
    return "::text[]" if isinstance(values[0], str) else ""


def _parameters(columns: Mapping[str, Values]) -> dict[str, Any]:
    return {
        name: values if isinstance(values, int | str) else _array(values)
        for name, values in columns.items()
    }


def _chosen(name: str, values: Values) -> str:
    if isinstance(values, int | str):
        return f"%({name})s::{'bigint' if isinstance(values, int) else 'text'}"
    return f"{name} <> 0" if isinstance(values, np.ndarray) and values.dtype == bool else name


@contextmanager
def _binary_cursor() -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
    """Takes columns as PostgreSQL's binary arrays."""
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as cursor,
    ):
        arrays.register(cursor)
        yield cursor


def _array(values: Each) -> Numbers | Blobs | list[Any]:
    if isinstance(values, np.ndarray):
        return Numbers(values)
    return list(values) if isinstance(values[0], str | datetime) else Blobs(values)  # type: ignore[arg-type]


def fetch(query: str, given: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of a query; ``given`` may hold what ``among`` gives."""
    if connection.vendor == "postgresql":
        with _binary_cursor() as cursor:
            return cursor.execute(query, given, binary=True).fetchall()
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return list(cursor.fetchall())


def fetch_in(
    columns: str, table: str, keys: Mapping[str, Each], also: str = "TRUE", tail: str = ""
) -> list[tuple[Any, ...]]:
    """Rows of a table that have these keys, none of them given twice, and are ``also`` so.

    One look into the index for each, whatever a planner believes that the table holds:
    its statistics know nothing yet of what was written last, and that is what is asked for.
    ``tail`` may group by the keys. The table is called ``found``.
    """
    postgresql = connection.vendor == "postgresql"
    step = _POSTGRESQL_ROWS if postgresql else _SQLITE_VARIABLES // len(keys)
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(next(iter(keys.values()))), step):
        part = {name: values[start : start + step] for name, values in keys.items()}
        if postgresql:
            rows += _fetch_in_on_postgresql(f"SELECT {columns}", table, part, also, tail)
        else:
            rows += _fetch_in_on_sqlite(f"SELECT {columns}", table, part, also, tail)
    return rows


def _fetch_in_on_postgresql(
    select: str, table: str, keys: Mapping[str, Each], also: str, tail: str
) -> list[tuple[Any, ...]]:
    wanted = {f"wanted_{name}": values for name, values in keys.items()}
    equal = " AND ".join(f"{name} = wanted_{name}" for name in keys)
    # What has an OFFSET is evaluated for every row of what is left of it.
    each = f"SELECT * FROM {table} WHERE {equal} AND {also} OFFSET 0"
    query = f"{select} FROM {_unnested(wanted)} CROSS JOIN LATERAL ({each}) AS found {tail}"
    return fetch(query, _parameters(wanted))


def _fetch_in_on_sqlite(
    select: str, table: str, keys: Mapping[str, Each], also: str, tail: str
) -> list[tuple[Any, ...]]:
    names = ", ".join(keys)
    rows = list(zip(*map(_row_by_row, keys.values()), strict=True))
    marks = ", ".join([f"({', '.join('%s' for _ in keys)})"] * len(rows))
    # A cross join is done in the order in which it is written.
    query = f"{select} FROM wanted CROSS JOIN {table} AS found USING ({names}) WHERE {also} {tail}"
    given = list(chain.from_iterable(rows))
    return fetch(f"WITH wanted ({names}) AS (VALUES {marks}) {query}", given)


def microseconds(read: datetime) -> int:
    """The time from when 1970 began to an instant, as a database gives it."""
    return moments.microseconds(aware(read))


def second_of(column: str) -> str:
    """The second of a column's instants, since 1970, for statements that have parameters."""
    if connection.vendor == "postgresql":
        return f"CAST(EXTRACT(EPOCH FROM {column}) AS bigint)"
    return f"CAST(strftime('%%s', {column}) AS integer)"


def listed(column: str) -> str:
    """A group's integers of a column, separated by commas, in the same order as any other's.

    To fetch a text of thousands costs a tenth of as many rows.
    """
    if connection.vendor == "postgresql":
        return f"string_agg(CAST({column} AS text), ',')"
    return f"group_concat({column})"


def aware(read: datetime) -> datetime:
    """SQLite's times have no zone; they are all in UTC."""
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read


def among(column: str, values: Ints | Sequence[int]) -> tuple[str, Any]:
    """A condition that an integer column is one of any number of values, and its parameter."""
    found = np.asarray(values, np.int64)
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)", Numbers(found)
    return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(found.tolist())


_SNAPSHOT = """
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL jit = off
"""
"""Its reads take a millisecond or two: to start processes or a compiler for them takes many."""


def _is_in_snapshot() -> bool:
    """Whether SQLite has begun one; on PostgreSQL it is an atomic block."""
    is_sqlite = connection.vendor == "sqlite" and connection.connection is not None
    return is_sqlite and bool(connection.connection.in_transaction)


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads inside see the same state of the database, and block no writer.

    Within another one it is that.
    """
    if connection.in_atomic_block or _is_in_snapshot():
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
