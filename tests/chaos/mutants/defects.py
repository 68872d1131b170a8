"""The classic ways to lose events and to count them twice. Each widens its own race a little."""

import random
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from liveReport.engines import log
from liveReport.engines.lease import LENGTH, Lease
from liveReport.ingest import receiving
from liveReport.ingest.append import Fate
from liveReport.ingest.append import append as append_events
from liveReport.models import EventBatch, FoldLease
from liveReport.rollup import tick


def plant(module: Any, name: str, defect: Any) -> None:
    """Replace a function; loudly, should there be none of that name any more."""
    if not hasattr(module, name):
        raise AttributeError(f"{module.__name__} has no {name} for the defect to replace")
    setattr(module, name, defect)


def two_step() -> None:
    """What is counted and that it is counted are committed one after the other."""

    def fold_chunk(batches: Sequence[EventBatch], lease: Lease, now: datetime) -> int:
        chunk = tick.Chunk.of(batches)
        scope = tick.Scope.at(now, chunk.events.campaigns())
        with transaction.atomic():
            lease.renew(now)
            held = tick.periods.load(now)
            fresh = chunk.where(_unclaimed(chunk, held))
            number = log.next_fold(now)
            tick.buckets.apply(
                scope.fold(fresh), (), tick.admission(), scope.campaigns, held, number
            )
        time.sleep(5)
        with transaction.atomic():
            lease.renew(now)
            tick._mark(fresh.fresh(held), scope, number)
        return len(chunk.events)

    plant(tick, "fold_chunk", fold_chunk)


def _unclaimed(chunk: tick.Chunk, held: tick.Periods) -> Any:
    keys = chunk.events.ids
    order = keys.argsort()
    unclaimed = order == -1
    unclaimed[order] = held.owners(keys[order]) == 0
    return unclaimed


def id_cursor() -> None:
    """What is pending is what has a greater id than the last that was seen."""
    cursor = Path(settings.DATA_DIR) / "cursor"

    def next_chunk(most: int) -> list[EventBatch]:
        last = int(cursor.read_text()) if cursor.exists() else 0
        batches = list(EventBatch.objects.filter(pk__gt=last).order_by("pk")[:50])
        if batches:
            cursor.write_text(str(batches[-1].pk))
        return batches

    def slowly(*args: Any) -> Fate:
        with transaction.atomic():
            fate = append_events(*args)
            time.sleep(random.uniform(0, 0.5))  # between getting an id and its commit
        return fate

    plant(log, "pending", next_chunk)
    plant(receiving, "append", slowly)


def ack_before_commit() -> None:
    """The answer does not wait for the disk."""

    def later(*args: Any) -> Fate:
        def work() -> None:
            time.sleep(0.3)
            try:
                append_events(*args)
            finally:
                connection.close()

        threading.Thread(target=work).start()
        return Fate()

    plant(receiving, "append", later)


def unfenced() -> None:
    """Whoever has held the lease may commit, whoever holds it now."""

    def renew(lease: Lease, now: datetime) -> None:
        FoldLease.objects.update(expires_at=now + LENGTH)

    plant(Lease, "renew", renew)
