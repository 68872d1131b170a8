"""The adoption of rules that is under way, and the task that does it."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NAME = "livereport.verdicts"


def seed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    PeriodicTask = apps.get_model("django_celery_beat", "PeriodicTask")
    IntervalSchedule = apps.get_model("django_celery_beat", "IntervalSchedule")
    interval, _ = IntervalSchedule.objects.get_or_create(every=1, period="minutes")
    PeriodicTask.objects.get_or_create(name=NAME, defaults={"task": NAME, "interval": interval})


def unseed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("livereport", "0021_drill"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        migrations.CreateModel(
            name="Adoption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("draft", models.CharField(max_length=16)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Being adopted"),
                            ("done", "Adopted"),
                            ("outdated", "Changed meanwhile"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("changed", models.PositiveBigIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "adoption of rules",
                "verbose_name_plural": "adoptions of rules",
            },
        ),
        migrations.RunPython(seed, unseed),
    ]
