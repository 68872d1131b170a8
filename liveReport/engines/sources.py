"""Sources whose provider sends webhooks, as they are stored: what is needed to take one in."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import numpy as np
from django.db import connection, transaction
from django.db.models import Max, Min, Q, QuerySet, Sum

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

from . import sql

_SPEND = """
INSERT INTO livereport_spenttoken (source_id, token, body, spent_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (source_id, token) DO NOTHING
"""


_NOTE = """
INSERT INTO livereport_sourceminute AS held (source_id, minute, why, ignored, refused, derived)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (source_id, minute, why)
DO UPDATE SET ignored = held.ignored + excluded.ignored,
refused = held.refused + excluded.refused, derived = held.derived + excluded.derived
"""
WHY = SourceMinute._meta.get_field("why").max_length
"""Characters that are kept of the code of a refusal."""
LATEST = 20
"""Batches of a source of which the lag is told."""
RECENT = timedelta(minutes=5)
"""The whole minutes over which the pace of now is the mean."""
TOGETHER = 100
"""Sources whose latest batches one statement reads."""


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
    """What came of a source and is no event of its own: so many, at a time.

    ``why`` is the code of a refusal.
    """

    source: int
    at: datetime
    ignored: int = 0
    refused: int = 0
    derived: int = 0
    why: str = ""

    @property
    def place(self) -> tuple[int, datetime, str]:
        return self.source, self.at.replace(second=0, microsecond=0), self.why[:WHY]


def note(apart: Sequence[Apart]) -> None:
    """Count it, in one transaction."""
    sums: dict[tuple[int, datetime, str], list[int]] = {}
    for one in apart:
        counts = sums.setdefault(one.place, [0, 0, 0])
        for place, count in enumerate((one.ignored, one.refused, one.derived)):
            counts[place] += count
    rows = [
        (source, connection.ops.adapt_datetimefield_value(minute), why, *counts)
        for (source, minute, why), counts in sorted(sums.items())
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_NOTE, rows)


class Refused(NamedTuple):
    """Requests, or events of pages, that were refused for one reason: its code, how many, and in
    which minutes the first and the last of them came."""

    why: str
    number: int
    since: datetime
    last: datetime


class Traffic(NamedTuple):
    """What came of a source within the last hours. ``lags`` are in seconds, of the latest
    events: from when each occurred to when it was received. ``per_minute`` is the mean of the last
    ``RECENT`` whole minutes, ``refusals`` are the latest first."""

    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    ignored: int = 0
    refused: int = 0
    last_at: datetime | None = None
    lags: Sequence[float] = ()
    per_minute: float = 0.0
    refusals: Sequence[Refused] = ()

    @property
    def lag(self) -> tuple[float, float] | tuple[None, None]:
        """What half of the lags stay within, and what 95 % do; nothing without any."""
        if not self.lags:
            return None, None
        half, most = np.quantile(self.lags, [0.5, 0.95]).tolist()
        return half, most


def traffic(sources: Collection[int], since: datetime, now: datetime) -> dict[int, Traffic]:
    """Of some sources, by their ids, in a handful of statements however many they are.

    Events count when they were received, not when they occurred.
    """
    wanted = Q(source__in=sources)
    end = now.replace(second=0, microsecond=0)
    lately = Q(received_at__gte=end - RECENT, received_at__lt=end)
    found: dict[int, dict[str, Any]] = {pk: {} for pk in sources}
    batches = EventBatch.objects.filter(wanted, received_at__gte=since)
    _gather(
        found,
        batches,
        accepted=Sum("count"),
        duplicates=Sum("duplicates"),
        last_at=Max("received_at"),
        lately=Sum("count", filter=lately, default=0),
    )
    held = QuarantinedBatch.objects.filter(wanted, received_at__gte=since)
    _gather(found, held, quarantined=Sum("count"))
    minutes = SourceMinute.objects.filter(wanted, minute__gte=since)
    names = ("ignored", "refused", "derived")
    _gather(found, minutes, **{name: Sum(name) for name in names})
    refusals, lags = _refusals(minutes), _lags(sources, since)
    return {
        pk: _traffic(counts, refusals.get(pk, ()), lags.get(pk, ())) for pk, counts in found.items()
    }


def _gather(found: dict[int, dict[str, Any]], rows: QuerySet[Any], **sums: Any) -> None:
    """Add to what is known of each source."""
    for row in rows.order_by().values("source").annotate(**sums):
        found[row.pop("source")].update(row)


def _traffic(counts: dict[str, Any], refusals: Sequence[Refused], lags: Sequence[float]) -> Traffic:
    derived, lately = counts.pop("derived", 0), counts.pop("lately", 0)
    counts["accepted"] = counts.get("accepted", 0) - derived
    per_minute = lately / (RECENT / timedelta(minutes=1))
    return Traffic(**counts, lags=lags, per_minute=per_minute, refusals=refusals)


def _refusals(minutes: QuerySet[SourceMinute]) -> dict[int, list[Refused]]:
    rows = minutes.filter(refused__gt=0).order_by().values_list("source", "why")
    summed = rows.annotate(Sum("refused"), Min("minute"), last=Max("minute"))
    found: dict[int, list[Refused]] = defaultdict(list)
    for source, *refused in summed.order_by("-last", "why"):
        found[source].append(Refused(*refused))
    return found


_LATEST = f"""
SELECT * FROM (SELECT source_id, received_at, payload FROM livereport_eventbatch
WHERE source_id = %s AND received_at >= %s ORDER BY id DESC LIMIT {LATEST}) AS latest
"""


def _lags(sources: Collection[int], since: datetime) -> dict[int, list[float]]:
    found: dict[int, list[float]] = defaultdict(list)
    start = connection.ops.adapt_datetimefield_value(since)
    ids = sorted(sources)
    for place in range(0, len(ids), TOGETHER):
        some = ids[place : place + TOGETHER]
        query = " UNION ALL ".join([_LATEST] * len(some))
        given = [value for source in some for value in (source, start)]
        for source, received_at, payload in sql.fetch(query, given):
            at = former.read(payload, source).at
            found[source] += ((sql.microseconds(received_at) - at) / 1e6).tolist()
    return found
