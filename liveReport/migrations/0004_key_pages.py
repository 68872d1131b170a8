"""Event keys in pages, instead of a row for each."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

PAGE = 128
KEY = np.dtype([("key", "<i8"), ("batch", "<i8")])


def to_pages(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Period by period: a million keys are 16 MB."""
    key_page, seen_event = (apps.get_model("livereport", n) for n in ("KeyPage", "SeenEvent"))
    for period in apps.get_model("livereport", "KeyPeriod").objects.defer(
        "event_filter", "message_filter"
    ):
        rows = seen_event.objects.filter(period=period.pk).order_by("key")
        found = rows.values_list("key", "batch").iterator(chunk_size=50_000)
        keys = np.fromiter(found, KEY)
        period.events = len(keys)
        period.save(update_fields=["events"])
        pages = divided(keys) if period.closed_at else [(0, keys)]
        key_page.objects.bulk_create(
            (
                key_page(period=period.pk, page=page, **columns(part))
                for page, part in pages
                if len(part)
            ),
            batch_size=500,
        )


def divided(keys: Any) -> Iterator[tuple[int, Any]]:
    """By their high bits, as evenly as hashes are."""
    page = ((keys["key"] >> 32) + 2**31) * (1 + len(keys) // PAGE) >> 32
    numbers, starts = np.unique(page, return_index=True)
    yield from zip(numbers.tolist(), np.split(keys, starts[1:]), strict=False)


def columns(keys: Any) -> dict[str, Any]:
    first_batch = int(keys["batch"].min())
    offsets = keys["batch"] - first_batch
    width = np.min_scalar_type(offsets.max()).itemsize
    return {
        "first_batch": first_batch,
        "keys": keys["key"].tobytes(),
        "batches": offsets.astype(f"<u{width}").tobytes(),
    }


def store_as_it_is(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Keep PostgreSQL from trying to compress what is random."""
    if schema_editor.connection.vendor == "postgresql":
        for column in ("keys", "batches"):
            schema_editor.execute(
                f"ALTER TABLE livereport_keypage ALTER {column} SET STORAGE EXTERNAL"
            )


class Migration(migrations.Migration):
    dependencies = [("livereport", "0003_key_periods")]

    operations = [
        migrations.CreateModel(
            name="KeyPage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "period",
                        "page",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("period", models.BigIntegerField()),
                ("page", models.BigIntegerField()),
                ("first_batch", models.BigIntegerField()),
                ("keys", models.BinaryField()),
                ("batches", models.BinaryField()),
            ],
        ),
        migrations.RunPython(store_as_it_is, migrations.RunPython.noop),
        migrations.RunPython(to_pages, migrations.RunPython.noop),
        migrations.DeleteModel(name="SeenEvent"),
    ]
