"""What cannot be folded is looked into apart from the rest, and set aside if need be."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("livereport", "0005_vacuum_states_often")]

    operations = [
        migrations.AddField(
            model_name="foldlease",
            name="failures",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="Suspect",
            fields=[
                (
                    "batch",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="suspect",
                        serialize=False,
                        to="livereport.eventbatch",
                    ),
                ),
                ("origin", models.BigIntegerField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=200)),
                ("tried_at", models.DateTimeField()),
                ("holder", models.PositiveBigIntegerField()),
                ("trying", models.BooleanField(default=False)),
                ("blamed", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="SetAsideBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("batch", models.BigIntegerField(verbose_name="event batch")),
                ("received_at", models.DateTimeField(verbose_name="received")),
                (
                    "since",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="set aside since"
                    ),
                ),
                ("count", models.PositiveIntegerField(verbose_name="events")),
                ("error", models.CharField(max_length=200, verbose_name="error")),
                ("attempts", models.PositiveIntegerField(verbose_name="attempts")),
                ("payload", models.BinaryField()),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="set_aside",
                        to="livereport.source",
                        verbose_name="source",
                    ),
                ),
            ],
            options={
                "verbose_name": "set-aside batch",
                "verbose_name_plural": "set-aside batches",
                "ordering": ("-since",),
                "indexes": [models.Index(fields=["batch"], name="set_aside_by_batch")],
            },
        ),
    ]
