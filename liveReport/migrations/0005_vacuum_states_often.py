"""PostgreSQL: clean up after message states before reports have to read what is left of them."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

OFTEN = ("autovacuum_vacuum_scale_factor", "autovacuum_vacuum_insert_scale_factor")
"""The part of a table that may be dead, or new, until it is vacuumed; usually a fifth."""


def vacuum_often(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A state changes several times, and what waits is counted with every report."""
    if schema_editor.connection.vendor == "postgresql":
        options = ", ".join(f"{name} = 0.02" for name in OFTEN)
        schema_editor.execute(f"ALTER TABLE livereport_messagestate SET ({options})")


class Migration(migrations.Migration):
    dependencies = [("livereport", "0004_key_pages")]

    operations = [migrations.RunPython(vacuum_often, migrations.RunPython.noop)]
