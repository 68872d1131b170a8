"""COPY into a bare PostgreSQL heap, a commit for every thousand events."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

DATABASE = "livereport_bench_heap"
BATCH = 1_000
FIELDS = ("id", "campaign", "channel", "type", "occurred_at", "profile", "message", "domain",
          "reason", "category")  # fmt: skip
COLUMNS = ", ".join(f"{field} text" for field in FIELDS)
COPY = f"COPY heap ({', '.join(FIELDS)}) FROM STDIN"


class Heap:
    """The yardstick of ingest: logged and durable, but without index, check or HTTP."""

    def __init__(self, server: str, events: list[dict[str, Any]]) -> None:
        self._url = f"{server}/{DATABASE}"
        rows = [tuple(event.get(field) for field in FIELDS) for event in events]
        self._batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
        self._texts = ["".join(map(_text, batch)) for batch in self._batches]

    @classmethod
    @contextmanager
    def created(cls, server: str, events: list[dict[str, Any]]) -> Iterator["Heap"]:
        """In a database of its own, whatever liveReport itself runs on."""
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {DATABASE}")
            try:
                yield cls(server, events)
            finally:
                connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")

    def rows(self, seconds: float) -> float:
        """Events a second, from rows as a program has them."""
        with psycopg.connect(self._url) as connection:
            return self._copied(connection, seconds, rendered=False)

    def rendered(self, seconds: float) -> float:
        """Events a second, from text that was rendered beforehand."""
        with psycopg.connect(self._url) as connection:
            return self._copied(connection, seconds, rendered=True)

    def _copied(self, connection: psycopg.Connection, seconds: float, *, rendered: bool) -> float:
        connection.execute(f"CREATE TABLE IF NOT EXISTS heap ({COLUMNS})")
        connection.execute("TRUNCATE heap")
        connection.commit()
        copied, started = 0, time.perf_counter()
        while (taken := time.perf_counter() - started) < seconds:
            place = copied // BATCH % len(self._batches)
            with connection.cursor().copy(COPY) as stream:
                if rendered:
                    stream.write(self._texts[place])
                else:
                    for row in self._batches[place]:
                        stream.write_row(row)
            connection.commit()
            copied += len(self._batches[place])
        return copied / taken


def _text(row: tuple[str | None, ...]) -> str:
    return "\t".join("\\N" if value is None else value for value in row) + "\n"
