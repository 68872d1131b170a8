"""Dividing what cannot be folded, setting the bad part aside, and taking it back."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
from django.db import transaction
from django.utils import timezone

from liveReport.engines import log
from liveReport.engines.lease import Lease
from liveReport.engines.log import Entry
from liveReport.events import former
from liveReport.events.batch import Events, encode
from liveReport.models import EventBatch, SetAsideBatch, Suspect

from . import suspects
from .suspects import ALONE, LAST

PARTS = 16
"""That a batch is divided into: few attempts that fail, as one may cost a process."""

logger = logging.getLogger(__name__)


def next_suspects(lease: Lease, now: datetime, events: int) -> list[EventBatch]:
    """Suspects to fold next, several only if they have so many events; empty for none.

    Divides and sets aside until there is one to be tried.
    """
    while chosen := suspects.group(lease, events):
        first = chosen[0]
        if first.attempts >= LAST:
            set_aside(first, lease, now)
        elif first.attempts <= ALONE or not divide(first, lease, now):
            return [one.batch for one in chosen]
    return []


def divide(suspect: Suspect, lease: Lease, now: datetime) -> bool:
    """Replace a batch by parts of it, each to be tried by itself; whether it has any."""
    batch = suspect.batch
    if batch.count == 1:
        return False
    suspects.note([batch], lease, now)  # to unpack it may be what is fatal
    try:
        events = former.read(batch.payload, batch.source_id)
        places = np.array_split(np.arange(len(events)), min(PARTS, len(events)))
        parts = [events.take(some) for some in places if len(some)]
    except Exception:  # noqa: BLE001 (whatever it is, it has no parts)
        return False
    if len(parts) < 2:
        return False
    with transaction.atomic():
        lease.keep(now)
        _replace(suspect, parts)
    return True


def _replace(suspect: Suspect, parts: Sequence[Events]) -> None:
    """The batch keeps the first part; the others become batches as if received with it."""
    batch = suspect.batch
    log.replace(batch, parts[0])
    others = log.append([Entry.of(batch.source_id, batch.received_at, part) for part in parts[1:]])
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
    with transaction.atomic():
        lease.keep(now)
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
                entry = Entry(row.source_id, timezone.now(), row.count, row.payload)
                log.append([entry])
                row.delete()
                moved += row.count
    return moved
