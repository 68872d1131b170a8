"""Files of events, and the task that takes those in which were uploaded."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def seed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    PeriodicTask = apps.get_model("django_celery_beat", "PeriodicTask")
    IntervalSchedule = apps.get_model("django_celery_beat", "IntervalSchedule")
    interval, _ = IntervalSchedule.objects.get_or_create(every=1, period="minutes")
    name = "livereport.files"
    PeriodicTask.objects.get_or_create(name=name, defaults={"task": name, "interval": interval})


def unseed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(
        name="livereport.files"
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("livereport", "0016_verdict_rules"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        migrations.AddField(
            model_name="source",
            name="file_mapping",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.CreateModel(
            name="EventFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="file")),
                ("checksum", models.CharField(max_length=64, verbose_name="checksum")),
                ("size", models.PositiveBigIntegerField(verbose_name="bytes")),
                ("encoding", models.CharField(max_length=40, verbose_name="encoding")),
                ("mapping", models.JSONField(default=dict, verbose_name="mapping")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Not imported yet"),
                            ("waiting", "Being imported"),
                            ("done", "Imported"),
                            ("failed", "Failed"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("records", models.PositiveBigIntegerField(default=0, verbose_name="lines read")),
                ("position", models.PositiveBigIntegerField(default=0, verbose_name="bytes read")),
                ("accepted", models.PositiveBigIntegerField(default=0, verbose_name="accepted")),
                ("duplicates", models.PositiveBigIntegerField(default=0, verbose_name="repeats")),
                (
                    "quarantined",
                    models.PositiveBigIntegerField(default=0, verbose_name="in quarantine"),
                ),
                ("ignored", models.PositiveBigIntegerField(default=0, verbose_name="ignored")),
                ("refused", models.PositiveBigIntegerField(default=0, verbose_name="refused")),
                ("late", models.PositiveBigIntegerField(default=0, verbose_name="too old")),
                ("errors", models.JSONField(default=list, verbose_name="errors")),
                ("failure", models.CharField(blank=True, max_length=300, verbose_name="failure")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="uploaded")),
                (
                    "changed_at",
                    models.DateTimeField(auto_now=True, db_index=True, verbose_name="last change"),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="livereport.source",
                        verbose_name="source",
                    ),
                ),
            ],
            options={
                "verbose_name": "file of events",
                "verbose_name_plural": "files of events",
                "ordering": ("-changed_at",),
            },
        ),
        migrations.CreateModel(
            name="EventFilePart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("sealed", models.BinaryField()),
                (
                    "file",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="livereport.eventfile",
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a file",
                "verbose_name_plural": "parts of files",
            },
        ),
        migrations.AddConstraint(
            model_name="eventfile",
            constraint=models.UniqueConstraint(
                fields=("source", "checksum"), name="one_row_per_file"
            ),
        ),
        migrations.AddConstraint(
            model_name="eventfilepart",
            constraint=models.UniqueConstraint(fields=("file", "number"), name="one_row_per_part"),
        ),
        migrations.RunPython(seed, unseed),
    ]
