"""What SQLite and PostgreSQL do differently, in one place."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection, transaction

Params = Sequence[Any]

_SQLITE_VARIABLES = 30_000


def insert(table: str, columns: dict[str, str], rows: Sequence[Params], conflict: str) -> int:
    """Insert many rows with one statement; how many were inserted or updated.

    ``columns`` maps names to PostgreSQL types, ``conflict`` is the clause after
    ``ON CONFLICT``. The caller sorts the rows, so that no two writers deadlock.
    """
    if not rows:
        return 0
    names = ", ".join(columns)
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
        sql = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) ON CONFLICT {conflict}"
        return _run_on_postgresql(sql, [list(column) for column in zip(*rows, strict=True)])
    marks = ", ".join("%s" for _ in columns)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT {conflict}",
            rows,
        )
        return int(cursor.rowcount)


def _run_on_postgresql(sql: str, params: Params) -> int:
    """Bind on the server: Django's own cursor would escape every byte on the client."""
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as cursor,
    ):
        cursor.execute(sql, params)
        return cursor.rowcount


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
