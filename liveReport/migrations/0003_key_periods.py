"""Keys in periods, and batches column by column.

The tables of keys are made anew, and what the log held in its former shape goes: it
could neither be counted nor recounted.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

EMPTIED = ("Bucket", "Series", "EventBatch", "QuarantinedBatch")


def empty(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for name in EMPTIED:
        apps.get_model("livereport", name).objects.all().delete()


INCOMPRESSIBLE = (
    ("livereport_bucket", "sketch"),
    ("livereport_eventbatch", "payload"),
    ("livereport_quarantinedbatch", "payload"),
    ("livereport_keyperiod", "event_filter"),
    ("livereport_keyperiod", "message_filter"),
)


def store_as_it_is(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Keep PostgreSQL from trying to compress what is compressed, or random."""
    if schema_editor.connection.vendor == "postgresql":
        for table, column in INCOMPRESSIBLE:
            schema_editor.execute(f"ALTER TABLE {table} ALTER {column} SET STORAGE EXTERNAL")


class CreateClustered(migrations.CreateModel):
    """A table that SQLite keeps in its primary key's tree, instead of two trees."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        if schema_editor.connection.vendor == "sqlite":
            table = to_state.apps.get_model(app_label, self.name)._meta.db_table
            with schema_editor.connection.cursor() as cursor:
                cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [table])
                (definition,) = cursor.fetchone()
            schema_editor.execute(f"DROP TABLE {table}")
            schema_editor.execute(f"{definition} WITHOUT ROWID")


class Migration(migrations.Migration):
    dependencies = [("livereport", "0002_periodic_tasks")]

    operations = [
        migrations.RunPython(empty, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="bucket",
            name="series",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="buckets",
                to="livereport.series",
            ),
        ),
        migrations.CreateModel(
            name="KeyPeriod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("events", models.PositiveBigIntegerField(default=0)),
                ("messages", models.PositiveBigIntegerField(default=0)),
                ("checksum", models.BigIntegerField(default=0)),
                ("event_filter", models.BinaryField(default=b"")),
                ("message_filter", models.BinaryField(default=b"")),
            ],
        ),
        migrations.DeleteModel(name="SeenEvent"),
        migrations.DeleteModel(name="MessageState"),
        CreateClustered(
            name="SeenEvent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "period",
                        "key",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("period", models.BigIntegerField()),
                ("key", models.BigIntegerField()),
                ("batch", models.BigIntegerField()),
            ],
        ),
        CreateClustered(
            name="MessageState",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "period",
                        "key",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("period", models.BigIntegerField()),
                ("key", models.BigIntegerField()),
                ("channel", models.CharField(max_length=50)),
                ("gauge", models.CharField(max_length=50)),
                ("execution", models.BigIntegerField()),
                ("at", models.BigIntegerField()),
                ("rank", models.PositiveSmallIntegerField()),
                ("waiting", models.BooleanField()),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="livereport.campaign",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("waiting", True)),
                        fields=["campaign", "channel", "gauge", "execution", "at", "waiting"],
                        name="waiting_messages",
                    )
                ],
            },
        ),
        migrations.RunPython(store_as_it_is, migrations.RunPython.noop),
    ]
