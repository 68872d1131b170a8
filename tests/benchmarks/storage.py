"""What is stored: bytes on disk and rows."""

import os
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, connection, models

from liveReport.models import Bucket, EventBatch, KeyPage, KeyPeriod, MessageState

KEYS = (KeyPage, KeyPeriod)
"""By what repeated events are known."""
STATES = (MessageState,)
"""The latest of each message that a gauge watches."""
Models = Sequence[type[models.Model]]


def database_bytes() -> int:
    """The whole database, with indexes and write-ahead log of SQLite."""
    if connection.vendor == "postgresql":
        return int(_value("SELECT pg_database_size(current_database())"))
    base = Path(settings.DATABASES["default"]["NAME"])
    return sum(os.path.getsize(path) for path in base.parent.glob(f"{base.name}*"))


def log_bytes() -> int:
    """What the batches of the log take, with their indexes where the engine can say."""
    if connection.vendor == "postgresql":
        return _table(EventBatch)
    return int(_value(f"SELECT SUM(LENGTH(payload)) FROM {EventBatch._meta.db_table}"))


def table_bytes(kinds: Models) -> int:
    """Tables with their indexes; 0 where the engine cannot say."""
    if connection.vendor == "postgresql":
        return sum(map(_table, kinds))
    names = ", ".join(f"'{name}'" for model in kinds for name in _parts(model))
    try:
        return _value(f"SELECT SUM(pgsize) FROM dbstat WHERE name IN ({names}) AND aggregate = 1")
    except OperationalError:  # SQLite was built without this table
        return 0


def counted_events() -> int:
    return int(EventBatch.objects.aggregate(events=models.Sum("count"))["events"] or 0)


def bucket_rows() -> int:
    return Bucket.objects.count()


def vacuum() -> None:
    """What autovacuum would have done by then: what takes a day elsewhere takes minutes here."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _table(model: type[models.Model]) -> int:
    return int(_value(f"SELECT pg_total_relation_size('{model._meta.db_table}')"))


def _parts(model: type[models.Model]) -> list[str]:
    """A table of SQLite and its indexes."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE tbl_name = %s", [table])
        return [name for (name,) in cursor.fetchall()]


def _value(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0] or 0)
