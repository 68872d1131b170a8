"""The tables as they were before a migration, for tests of what it makes of their rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@contextmanager
def tables_before(migration: str) -> Iterator[Any]:
    """Finds models as they were before a migration; the tables are those of today afterwards."""
    executor = MigrationExecutor(connection)
    today = executor.loader.graph.leaf_nodes()
    before = executor.loader.get_migration("livereport", migration).dependencies
    executor.migrate(before)
    try:
        yield MigrationExecutor(connection).loader.project_state(before).apps.get_model
    finally:
        MigrationExecutor(connection).migrate(today)
