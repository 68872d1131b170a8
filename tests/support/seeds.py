"""What migrations seed, brought back after a test whose transactions were real.

Such a test ends by emptying every table; whichever test runs after it, in whatever
order, finds the periodic tasks there as in a new database.
"""

from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.db import connection
from django.db.models.signals import post_migrate

MIGRATIONS = (
    ("0002_periodic_tasks", "seed"),
    ("0010_tasks_never_expire", "unset"),
    ("0017_event_files", "seed"),
    ("0022_adoption", "seed"),
)


def seed_again(sender: AppConfig, **kwargs: Any) -> None:
    """Called for each app when a database has been migrated (with a ``plan``) or emptied."""
    if sender.label != "livereport" or "plan" in kwargs:
        return
    for module, step in MIGRATIONS:
        work = getattr(import_module(f"liveReport.migrations.{module}"), step)
        work(apps, connection.schema_editor())


post_migrate.connect(seed_again)
