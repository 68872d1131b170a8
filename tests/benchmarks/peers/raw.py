"""A row for each event in liveReport's own database, with the index that anybody would give it."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from .. import load
from .measure import CATEGORY, QUERIES

COLUMNS = (
    "campaign VARCHAR(100), type VARCHAR(50), at BIGINT, profile BIGINT, domain VARCHAR(200), "
    "reason VARCHAR(200), category VARCHAR(50)"
)
TABLE = "bench_raw"
INDEX = "(campaign, type, at)"
Row = tuple[Any, ...]


def fill(parts: Iterator[load.Columns]) -> None:
    """Create the table, and have the events in it."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {TABLE} ({COLUMNS})")
        for part in parts:
            _insert(part)
        cursor.execute(f"CREATE INDEX {TABLE}_by_type ON {TABLE} {INDEX}")
        cursor.execute(f"ANALYZE {TABLE}")


def _insert(part: load.Columns) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {TABLE} FROM STDIN") as stream:
                for row in _rows(part):
                    stream.write_row(row)
        else:
            marks = ", ".join(["%s"] * 7)
            cursor.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", list(_rows(part)))


def email_tab() -> None:
    """The numbers of the Email tab, exact."""
    of = {
        "events": "COUNT(*)",
        "profiles": "COUNT(DISTINCT profile)",
        "step": "at / 900000000",
        "table": TABLE,
    }
    with connection.cursor() as cursor:
        for query in QUERIES:
            cursor.execute(query.format(**of))
            cursor.fetchall()


def _rows(part: load.Columns) -> Iterator[Row]:
    domains, reasons = (*load.DOMAINS, None), (*load.REASONS, None)
    columns = (part.type, part.at, part.profile, part.domain, part.reason)
    for type_, at, profile, domain, reason in zip(*(c.tolist() for c in columns), strict=True):
        category = CATEGORY if type_ == load.BOUNCED else None
        yield (
            *("bench", load.TYPES[type_], at, profile, domains[domain], reasons[reason]),
            category,
        )
