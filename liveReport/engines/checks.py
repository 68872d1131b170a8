"""System checks of the database: ``manage.py check --database default`` runs them."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core import checks
from django.db import connection

DURABLE = {
    "fsync": "a crash of its machine loses or corrupts events that were answered with 202",
    "synchronous_commit": "a crash of its server loses events that were answered with 202",
    "full_page_writes": "a crash of its machine can corrupt pages that hold counted events",
}
"""Settings of PostgreSQL that must not be off, and what happens where they are."""


@checks.register(checks.Tags.database)
def check_durability(
    databases: Iterable[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """What of PostgreSQL's settings breaks the promise of 202. SQLite's are set by ours."""
    if connection.alias not in (databases or ()) or connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        found = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
        cursor.execute(found, [list(DURABLE)])
        return list(complaints(dict(cursor.fetchall())))


def complaints(settings: dict[str, str]) -> Iterator[checks.CheckMessage]:
    """One for each setting that is off; every other value waits for the disk at least."""
    for number, (name, consequence) in enumerate(DURABLE.items(), start=1):
        if settings[name] == "off":
            yield checks.Warning(
                f"PostgreSQL: {name} is off: {consequence}.",
                hint="Set it to on for this role and database.",
                id=f"livereport.W{number:03}",
            )
