"""What became of each profile of a run. A run that is under way has no ledger of its beginning."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def store_as_it_is(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Keep PostgreSQL from trying to compress what is compressed."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE livereport_ledgersegment ALTER facts SET STORAGE EXTERNAL"
        )


class Migration(migrations.Migration):
    dependencies = [
        ("livereport", "0012_keys_for_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ledger",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("channel", models.CharField(max_length=50)),
                ("execution", models.BigIntegerField()),
                ("whole", models.BooleanField()),
                ("last_at", models.BigIntegerField()),
                ("first_received", models.BigIntegerField()),
                ("last_received", models.BigIntegerField()),
                ("kept_since", models.BigIntegerField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ledgers",
                        to="livereport.campaign",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ledger_id",
                        "targeted",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("targeted", models.BooleanField()),
                ("queued", models.BigIntegerField()),
                ("excluded", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
                ("awaiting", models.BigIntegerField()),
                ("deferred", models.BigIntegerField()),
                ("delivered", models.BigIntegerField()),
                ("bounced", models.BigIntegerField()),
                ("impossible", models.BigIntegerField()),
                ("repeats", models.BigIntegerField()),
                (
                    "ledger",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="counts",
                        to="livereport.ledger",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerSegment",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ledger_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("size", models.PositiveIntegerField()),
                ("facts", models.BinaryField()),
                (
                    "ledger",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="segments",
                        to="livereport.ledger",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="ledger",
            index=models.Index(fields=["last_received"], name="ledgers_by_time"),
        ),
        migrations.AddIndex(
            model_name="ledger",
            index=models.Index(
                condition=models.Q(("execution", 0)), fields=["kept_since"], name="endless_ledgers"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledger",
            constraint=models.UniqueConstraint(
                fields=("campaign", "channel", "execution"), name="one_ledger_per_run"
            ),
        ),
        migrations.RunPython(store_as_it_is, migrations.RunPython.noop),
    ]
