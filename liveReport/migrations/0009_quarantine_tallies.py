"""Say how much each source has in quarantine, and find what is old without a look at all of it."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Sum


def count(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Tally what is in quarantine already, even where it is more than there may be from now on."""
    batches, campaigns, tallies = (
        apps.get_model("livereport", name).objects
        for name in ("QuarantinedBatch", "QuarantinedCampaign", "QuarantineTally")
    )
    held = batches.order_by().values("source_id", "campaign").annotate(events=Sum("count"))
    campaigns.bulk_create((campaigns.model(**row) for row in held.iterator()), batch_size=500)
    sums = campaigns.order_by().values("source_id").annotate(sum=Sum("events"))
    tallies.bulk_create(
        tallies.model(source_id=row["source_id"], events=row["sum"]) for row in sums
    )


class Migration(migrations.Migration):
    dependencies = [("livereport", "0008_token_campaigns")]

    operations = [
        migrations.CreateModel(
            name="QuarantineTally",
            fields=[
                (
                    "source",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="livereport.source",
                        verbose_name="source",
                    ),
                ),
                ("events", models.PositiveBigIntegerField(default=0, verbose_name="events")),
                ("refused", models.PositiveBigIntegerField(default=0, verbose_name="refused")),
                ("refused_at", models.DateTimeField(null=True, verbose_name="last refused")),
            ],
            options={
                "verbose_name": "quarantine tally",
                "verbose_name_plural": "quarantine tallies",
            },
        ),
        migrations.CreateModel(
            name="QuarantinedCampaign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("campaign", models.CharField(max_length=100, verbose_name="campaign")),
                ("events", models.PositiveBigIntegerField(verbose_name="events")),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="livereport.source",
                        verbose_name="source",
                    ),
                ),
            ],
            options={
                "verbose_name": "quarantined campaign",
                "verbose_name_plural": "quarantined campaigns",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "campaign"), name="one_tally_per_source_and_campaign"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="quarantinedbatch",
            index=models.Index(fields=["received_at"], name="quarantine_by_time"),
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
