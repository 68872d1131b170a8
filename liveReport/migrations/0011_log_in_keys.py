"""Batches say when their events occurred and of which campaigns they are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Whoever still runs the former release may add rows meanwhile: they are described later."""

    dependencies = [("livereport", "0010_tasks_never_expire")]

    operations = [
        migrations.CreateModel(
            name="BatchCampaign",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "batch",
                        "campaign",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("batch", models.BigIntegerField()),
                ("campaign", models.CharField(max_length=100)),
                ("first_at", models.BigIntegerField()),
                ("last_at", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["campaign", "batch", "first_at", "last_at"],
                        name="shared_by_campaign",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="eventbatch",
            name="first_at",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="eventbatch",
            name="last_at",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="eventbatch",
            name="campaign",
            field=models.CharField(db_default="", editable=False, max_length=100),
        ),
        migrations.AddIndex(
            model_name="eventbatch",
            index=models.Index(
                fields=["campaign", "id", "first_at", "last_at"], name="batches_by_campaign"
            ),
        ),
    ]
