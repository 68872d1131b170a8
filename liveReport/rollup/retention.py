"""Deleting by time, in short transactions, what no window will ever show again."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from liveReport.channels import find_channel
from liveReport.ingest.payload import LogEvent
from liveReport.ingest.pseudonym import message_key
from liveReport.models import Bucket, EventBatch, MessageState, SeenEvent, Series
from liveReport.tiers import TIERS

from .commit import cutoff, keyed_events

SLICE = 500
"""Rows of the driving table to a transaction."""

T = TypeVar("T")


def prune(now: datetime | None = None) -> None:
    """Delete buckets before the window, and log, keys and states past their retention."""
    now = now or timezone.now()
    _prune_buckets(cutoff(now) // 1_000_000)
    _prune_log(now - settings.LOG_RETENTION)


def _prune_buckets(before: int) -> None:
    """Buckets that ended before this second, then the series left without any."""
    series = list(Series.objects.order_by("pk").values_list("pk", flat=True))
    for ids in _slices(series):
        with transaction.atomic():
            for tier in TIERS:
                Bucket.objects.filter(
                    series_id__in=ids, tier=tier, start__lte=before - tier
                ).delete()
            empty = ~Exists(Bucket.objects.filter(series_id=OuterRef("pk")))
            Series.objects.filter(empty, pk__in=ids).delete()


def _prune_log(before: datetime) -> None:
    """Batches received before this time, with the keys and states they brought."""
    old = EventBatch.objects.filter(folded=True, received_at__lt=before).order_by("received_at")
    while batch := old.first():
        with transaction.atomic():
            _forget_events(batch, before)
            batch.delete()


def _forget_events(batch: EventBatch, before: datetime) -> None:
    events = keyed_events(batch)
    for keys in _slices([keyed.key for keyed in events]):
        SeenEvent.objects.filter(key__in=keys, batch=batch.pk).delete()
    for keys in _slices([key for keyed in events for key in _state_keys(keyed.event)]):
        MessageState.objects.filter(
            key__in=keys, at__lt=int(before.timestamp() * 1_000_000)
        ).delete()


def _state_keys(event: LogEvent) -> list[bytes]:
    channel = find_channel(event.channel)
    if not (channel and event.message):
        return []
    return [
        message_key(event.campaign, event.channel, gauge.key, event.message)
        for gauge in channel.gauges
    ]


def _slices(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), SLICE):
        yield items[start : start + SLICE]
