"""Events that cannot be counted: taken out of the log, and taken back."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Min, Sum
from django.utils import timezone

from liveReport.events import former
from liveReport.events.batch import Events, encode
from liveReport.models import EventBatch, SetAsideBatch, Suspect

from . import log
from .lease import Lease
from .log import Entry
from .suspects import ALONE, LAST

logger = logging.getLogger(__name__)


def replace(suspect: Suspect, parts: Sequence[Events], lease: Lease, now: datetime) -> None:
    """Divide a batch of the log.

    It keeps the first part; the others become batches as if received with it.
    """
    batch = suspect.batch
    with lease.keep(now):
        log.replace(batch, parts[0])
        others = log.append(
            [Entry.of(batch.source_id, batch.received_at, part) for part in parts[1:]]
        )
        Suspect.objects.filter(pk=batch.pk).delete()
        Suspect.objects.bulk_create(
            Suspect(
                batch_id=part,
                origin=suspect.origin,
                attempts=ALONE,
                error=suspect.error,
                tried_at=suspect.tried_at,
                holder=suspect.holder,
            )
            for part in (batch.pk, *others)
        )


def set_aside(suspect: Suspect, lease: Lease, now: datetime) -> None:
    """Take a batch out of the log, and with it parts of the same request that fail alike."""
    alike = Suspect.objects.filter(
        origin=suspect.origin,
        error=suspect.error,
        attempts__gte=LAST,
        batch__folded=False,
    )
    with lease.keep(now):
        failed = list(alike.order_by("pk").select_related("batch"))
        _keep([one.batch for one in failed], suspect, now)
        pks = [one.pk for one in failed]
        Suspect.objects.filter(pk__in=pks).delete()
        log.delete(pks)
    logger.error(
        "%d events of source %d, accepted at %s, cannot be counted and were set aside: %s",
        sum(one.batch.count for one in failed),
        suspect.batch.source_id,
        suspect.batch.received_at.isoformat(timespec="seconds"),
        suspect.error,
    )


def _keep(batches: Sequence[EventBatch], suspect: Suspect, now: datetime) -> None:
    """In one row with what was set aside of the request before, for the same reason."""
    before = SetAsideBatch.objects.select_for_update().filter(
        batch=suspect.origin, error=suspect.error
    )
    held = before.first()
    if held is None and len(batches) == 1:  # as it is: perhaps nobody can unpack it
        payload, count = batches[0].payload, batches[0].count
    else:
        payloads = [held.payload] if held else []
        payloads += [batch.payload for batch in batches]
        source = suspect.batch.source_id
        events = Events.joined([former.read(payload, source) for payload in payloads])
        payload, count = encode(events), len(events)
    row = held or SetAsideBatch(
        source_id=suspect.batch.source_id,
        batch=suspect.origin,
        received_at=suspect.batch.received_at,
        since=now,
        error=suspect.error,
    )
    row.payload, row.count, row.attempts = payload, count, suspect.attempts
    row.save()


def try_again(chosen: Iterable[int]) -> int:
    """Move set-aside batches (their ids) back into the log; how many events moved.

    As if they came in now: the log keeps them for as long as the numbers they add to.
    """
    moved = 0
    for pk in chosen:
        with transaction.atomic():
            row = SetAsideBatch.objects.select_for_update().filter(pk=pk).first()
            if row is not None:  # not taken back or dropped by someone else meanwhile
                # Not described: to unpack it may be what is fatal.
                log.append([Entry(row.source_id, timezone.now(), row.count, row.payload)])
                row.delete()
                moved += row.count
    return moved


def held() -> dict[str, Any]:
    """How many ``batches`` and ``events`` there are, and ``since`` when, if there are any."""
    return SetAsideBatch.objects.aggregate(
        batches=Count("pk"), events=Sum("count", default=0), since=Min("since")
    )
