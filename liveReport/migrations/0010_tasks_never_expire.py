"""What is sent to workers expires no more, unless an administrator chose when.

An expiry is an instant of beat's clock: a worker whose clock is ahead obeyed nothing.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SHIPPED = {"livereport.tick": 1, "livereport.prune": 30}
"""Seconds by task, as they were seeded."""


def unset(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    PeriodicTask = apps.get_model("django_celery_beat", "PeriodicTask")
    for name, seconds in SHIPPED.items():
        PeriodicTask.objects.filter(name=name, expire_seconds=seconds).update(expire_seconds=None)


class Migration(migrations.Migration):
    dependencies = [
        ("livereport", "0009_quarantine_tallies"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(unset, migrations.RunPython.noop)]
