"""Why requests of a source were refused, and which channels of which campaigns it feeds."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("livereport", "0017_event_files"),
    ]

    operations = [
        migrations.CreateModel(
            name="SourceFeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("minute", models.BigIntegerField(db_index=True)),
                ("channel", models.CharField(max_length=50)),
                ("events", models.PositiveBigIntegerField()),
                ("sending", models.PositiveBigIntegerField(default=0)),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="livereport.campaign",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="livereport.source",
                    ),
                ),
            ],
            options={
                "verbose_name": "feed of a channel",
                "verbose_name_plural": "feeds of channels",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "minute", "source", "channel"),
                        name="one_row_per_feed_minute",
                    )
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="sourceminute",
            name="one_row_per_source_minute",
        ),
        migrations.AddField(
            model_name="sourceminute",
            name="why",
            field=models.CharField(db_default="", default="", max_length=40),
        ),
        migrations.AddConstraint(
            model_name="sourceminute",
            constraint=models.UniqueConstraint(
                fields=("source", "minute", "why"), name="one_row_per_minute_and_why"
            ),
        ),
    ]
