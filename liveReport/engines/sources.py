"""Sources whose provider sends webhooks, as they are stored: what is needed to take one in."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db import connection, transaction
from django.db.models import Max, QuerySet, Sum

from liveReport.events import former
from liveReport.events.sealing import unseal
from liveReport.models import (
    EventBatch,
    QuarantinedBatch,
    Source,
    SourceMinute,
    SourceSecret,
    SpentToken,
)

_SPEND = """
INSERT INTO livereport_spenttoken (source_id, token, body, spent_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (source_id, token) DO NOTHING
"""


_NOTE = """
INSERT INTO livereport_sourceminute AS held (source_id, minute, ignored, refused, derived)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT (source_id, minute)
DO UPDATE SET ignored = held.ignored + excluded.ignored,
refused = held.refused + excluded.refused, derived = held.derived + excluded.derived
"""
LATEST = 20
"""Batches of a source of which the lag is told."""


class HookSource(msgspec.Struct, frozen=True):
    """A source that is switched on. ``secrets`` are sealed; ``campaign`` is a slug, or ``""``,
    ``mapping`` has slugs by the texts that stand for them."""

    pk: int
    name: str
    provider: str
    secrets: tuple[bytes, ...] = ()
    digests: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    campaign: str = ""
    mapping: dict[str, str] = {}
    origins: tuple[str, ...] = ()

    @property
    def has_secret(self) -> bool:
        return bool(self.secrets or self.digests or self.topics)

    def opened(self) -> list[str]:
        """The provider's secrets. Raises ``Unsealable``."""
        return [unseal(secret).decode() for secret in self.secrets]


def find(name: str, now: datetime) -> HookSource | None:
    """The source of this name if it has a provider and is switched on."""
    return _read(Source.objects.filter(name=name, account__is_active=True), now)


def find_public(key: str, now: datetime) -> HookSource | None:
    """The source with this public key if it is switched on."""
    return _read(Source.objects.filter(public_key=key, account__is_active=True), now)


def get(pk: int, now: datetime) -> HookSource | None:
    """The source with this id if it has a provider, switched on or not."""
    return _read(Source.objects.filter(pk=pk), now)


def _read(rows: QuerySet[Source], now: datetime) -> HookSource | None:
    source = rows.exclude(provider="").select_related("campaign").first()
    if source is None:
        return None
    secrets = list(SourceSecret.objects.good(source, now))
    mapping = source.mappings.values_list("value", "campaign__slug")
    return HookSource(
        pk=source.pk,
        name=source.name,
        provider=source.provider,
        secrets=tuple(bytes(one.sealed) for one in secrets if one.sealed),
        digests=tuple(one.digest for one in secrets if one.digest),
        topics=tuple(source.topics),
        campaign=source.campaign.slug if source.campaign else "",
        mapping=dict(mapping),
        origins=tuple(source.origins),
    )


def spend(source: int, token: str, body: str, now: datetime) -> bool:
    """Whether a token is good for a body: it was not spent yet, or on the very same."""
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, [source, token, body, at])
        if cursor.rowcount:
            return True
    spent = SpentToken.objects.filter(source=source, token=token).values_list("body", flat=True)
    return spent.first() == body


class Apart(NamedTuple):
    """What came of a source and is no event of its own: so many, at a time."""

    source: int
    at: datetime
    ignored: int = 0
    refused: int = 0
    derived: int = 0

    @property
    def place(self) -> tuple[int, datetime]:
        return self.source, self.at.replace(second=0, microsecond=0)


def note(apart: Sequence[Apart]) -> None:
    """Count it, in one transaction."""
    sums: dict[tuple[int, datetime], list[int]] = {}
    for one in apart:
        counts = sums.setdefault(one.place, [0, 0, 0])
        for place, count in enumerate((one.ignored, one.refused, one.derived)):
            counts[place] += count
    rows = [
        (source, connection.ops.adapt_datetimefield_value(minute), *counts)
        for (source, minute), counts in sorted(sums.items())
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_NOTE, rows)


class Traffic(NamedTuple):
    """What came of a source within the last hours. ``lags`` are in seconds, of the latest
    events: from when each occurred to when it was received."""

    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    ignored: int = 0
    refused: int = 0
    last_at: datetime | None = None
    lags: Sequence[float] = ()


def traffic(source: Source, since: datetime) -> Traffic:
    """Of one source. Events count when they were received, not when they occurred."""
    batches = EventBatch.objects.filter(source=source, received_at__gte=since).order_by()
    held = QuarantinedBatch.objects.filter(source=source, received_at__gte=since)
    apart = SourceMinute.objects.filter(source=source, minute__gte=since)
    found = batches.aggregate(
        accepted=Sum("count", default=0),
        duplicates=Sum("duplicates", default=0),
        last_at=Max("received_at"),
    )
    found |= held.order_by().aggregate(quarantined=Sum("count", default=0))
    found |= apart.aggregate(
        **{name: Sum(name, default=0) for name in ("ignored", "refused", "derived")}
    )
    found["accepted"] -= found.pop("derived")
    return Traffic(**found, lags=_lags(batches.order_by("-pk")[:LATEST]))


def _lags(batches: Iterable[EventBatch]) -> list[float]:
    return [
        batch.received_at.timestamp() - at / 1e6
        for batch in batches
        for at in former.read(batch.payload, batch.source_id).at.tolist()
    ]
