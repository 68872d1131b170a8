"""Appending to the event log: one committed transaction for each request."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from liveReport.models import Campaign, EventBatch, QuarantinedBatch, Source

from .body import BodyError
from .payload import LogEvent, decode, encode


def append(source: Source, events: Sequence[LogEvent], now: datetime) -> None:
    """Store accepted events; those of an unknown campaign go to the quarantine."""
    known = _known(events)
    attributed = [event for event in events if event.campaign in known]
    strangers: dict[str, list[LogEvent]] = defaultdict(list)
    if len(attributed) < len(events):
        for event in events:
            if event.campaign not in known:
                strangers[event.campaign].append(event)
    with transaction.atomic():
        _append_batch(source, attributed, now)
        QuarantinedBatch.objects.bulk_create(
            QuarantinedBatch(
                source=source,
                campaign=campaign,
                received_at=now,
                count=len(held),
                payload=encode(held),
            )
            for campaign, held in strangers.items()
        )


def replay(quarantined: Iterable[QuarantinedBatch]) -> int:
    """Move batches whose campaign exists by now into the log; how many events moved."""
    moved = 0
    for batch in quarantined:
        with transaction.atomic():
            if not Campaign.objects.filter(slug=batch.campaign).exists():
                continue
            removed, _ = QuarantinedBatch.objects.filter(pk=batch.pk).delete()
            if removed:  # not replayed by someone else meanwhile
                _append_batch(batch.source, decode(batch.payload), timezone.now())
                moved += batch.count
    return moved


def check_backlog() -> None:
    """Refuse to accept more while too much waits to be folded."""
    pending = EventBatch.objects.filter(folded=False).order_by()
    waiting = pending.count()
    if waiting > settings.INGEST_MAX_PENDING:
        raise BodyError(503, "overloaded", f"{waiting} batches wait to be counted.", 5)


def _known(events: Sequence[LogEvent]) -> set[str]:
    slugs = {event.campaign for event in events}
    return set(Campaign.objects.filter(slug__in=slugs).values_list("slug", flat=True))


def _append_batch(source: Source, events: Sequence[LogEvent], now: datetime) -> None:
    if events:
        EventBatch.objects.create(
            source=source, received_at=now, count=len(events), payload=encode(events)
        )
