"""The two periodic tasks, seeded once. From then on they are the administrator's to change."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TASKS = [
    # name and task, every so many, of these, and a message older than that is not worth obeying
    ("livereport.tick", 2, "seconds", 1),
    ("livereport.prune", 1, "minutes", 30),
]


def seed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    PeriodicTask = apps.get_model("django_celery_beat", "PeriodicTask")
    IntervalSchedule = apps.get_model("django_celery_beat", "IntervalSchedule")
    for name, every, period, expire_seconds in TASKS:
        interval, _ = IntervalSchedule.objects.get_or_create(every=every, period=period)
        PeriodicTask.objects.get_or_create(
            name=name,
            defaults={"task": name, "interval": interval, "expire_seconds": expire_seconds},
        )


class Migration(migrations.Migration):
    dependencies = [
        ("livereport", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
