"""Appending to the event log: one committed transaction for each request."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from liveReport.models import Campaign, EventBatch, QuarantinedBatch, Source

from .body import BodyError
from .lately import Lately
from .payload import Events, decode, encode

ROOM = "room"
_APPEND = """
INSERT INTO livereport_eventbatch
(source_id, received_at, count, payload, folded, duplicates, late)
VALUES (%s, %s, %s, %s, FALSE, 0, 0)
"""
lately = Lately()
"""Such as which campaigns exist, by slug in a tuple, and whether there is ``ROOM``."""


def append(source: Source, events: Events, now: datetime) -> None:
    """Store accepted events; those of an unknown campaign go to the quarantine."""
    campaigns = events.campaigns()
    strangers = sorted(campaigns - _known(campaigns))
    if not strangers:
        _append_batch(source, events, now)  # one statement is a transaction already
        return
    with transaction.atomic():
        _append_batch(source, _without(events, strangers), now)
        for campaign in strangers:
            held = events.of_campaign(campaign)
            QuarantinedBatch.objects.create(
                source=source,
                campaign=campaign,
                received_at=now,
                count=len(held),
                payload=encode(held),
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
    if lately.holds(ROOM):
        return
    waiting = EventBatch.objects.filter(folded=False).order_by().count()
    if waiting > settings.INGEST_MAX_PENDING:
        raise BodyError(503, "overloaded", f"{waiting} batches wait to be counted.", 5)
    lately.note([ROOM])


def _known(slugs: set[str]) -> set[str]:
    """The slugs of campaigns that exist. Of others nothing is remembered: they may any moment."""
    known = {slug for slug in slugs if lately.holds((slug,))}
    if unsure := slugs - known:
        found = set(Campaign.objects.filter(slug__in=unsure).values_list("slug", flat=True))
        lately.note((slug,) for slug in found)
        known |= found
    return known


def _without(events: Events, campaigns: list[str]) -> Events:
    return events.where(
        events.of_shapes(shape.campaign not in campaigns for shape in events.shapes)
    )


def _append_batch(source: Source, events: Events, now: datetime) -> None:
    """One row, by a statement of our own: every request waits for it."""
    if not len(events):
        return
    received_at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [source.pk, received_at, len(events), encode(events)])
