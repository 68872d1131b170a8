"""What the fold writes. Call inside a transaction, with rows from one folder only."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from django.db import connection
from django.db.models import Q

from liveReport.ingest.payload import Column, Mask
from liveReport.models import Campaign, CampaignChannel, Execution, Series
from liveReport.rollup.buckets import Buckets
from liveReport.rollup.cells import SeriesKey
from liveReport.rollup.fold import Latest, Span
from liveReport.tiers import TIERS

from . import sql
from .keypages import Owned
from .periods import MESSAGES, NOBODY, Periods, find_messages


def claim_keys(keys: Column, batches: Column, periods: Periods) -> Mask:
    """Record event keys with the batch that brings them; which of them count.

    ``keys`` are sorted and none is repeated. A key that this same batch has claimed
    before counts: folding again is safe.
    """
    owners = periods.owners(keys)
    new = owners == NOBODY
    periods.current.add(Owned(keys[new], batches[new]))
    counting: Mask = new | (owners == batches)
    return counting


def known_series(keys: Iterable[SeriesKey], campaigns: Mapping[str, int]) -> dict[SeriesKey, int]:
    """The ids of all series of the channels and executions that some keys name."""
    slugs = {pk: slug for slug, pk in campaigns.items()}
    scope = Q(pk__in=[])
    for campaign, channel, execution in {(k.campaign, k.channel, k.execution) for k in keys}:
        scope |= Q(campaign=campaigns[campaign], channel=channel, execution=execution)
    names = ("campaign_id", "channel", "type", "dimension", "value", "execution")
    return {
        SeriesKey(slugs[campaign], *rest): pk
        for pk, campaign, *rest in Series.objects.filter(scope).values_list("pk", *names)
    }


def series_ids(
    keys: Iterable[SeriesKey], campaigns: Mapping[str, int], known: Mapping[SeriesKey, int]
) -> dict[SeriesKey, int]:
    """The ids of series, created where missing; none can be deleted before the transaction ends."""
    wanted = set(keys)
    alive = alive_series({known[key] for key in wanted if key in known})
    missing = sorted(key for key in wanted if known.get(key) not in alive)
    if not missing:
        return dict(known)
    Series.objects.bulk_create(
        (Series(campaign_id=campaigns[key.campaign], **_fields(key)) for key in missing),
        ignore_conflicts=True,
        batch_size=5_000,
    )
    return {**known, **known_series(missing, campaigns)}


def alive_series(ids: Iterable[int]) -> set[int]:
    """Which of these series exist: they do until the transaction ends."""
    inside, given = sql.among("id", sorted(ids))
    lock = "ORDER BY id FOR NO KEY UPDATE" if connection.vendor == "postgresql" else ""
    found = sql.fetch(f"SELECT id FROM livereport_series WHERE {inside} {lock}", [given])
    return {pk for (pk,) in found}


def weights(ids: Sequence[int]) -> dict[int, int]:
    """The events that each of some series has counted, as far as they are kept."""
    inside, given = sql.among("series_id", ids)
    query = f"SELECT series_id, SUM(count) FROM livereport_bucket WHERE {inside} AND tier = %s"
    found = sql.fetch(f"{query} GROUP BY series_id", [given, TIERS[0]])
    return {series: int(count) for series, count in found}


def take_out(ids: Sequence[int], into: int) -> Buckets:
    """Delete some series; what their buckets held, as it is to be added to those of ``into``."""
    inside, given = sql.among("series_id", ids)
    gone = f"DELETE FROM livereport_bucket WHERE {inside} RETURNING tier, start, count, sketch"
    left = Buckets.of([(into, *row) for row in sql.fetch(gone, [given])])
    inside, given = sql.among("id", ids)
    sql.fetch(f"DELETE FROM livereport_series WHERE {inside} RETURNING id", [given])
    return left


def _fields(key: SeriesKey) -> dict[str, str | int]:
    return {name: getattr(key, name) for name in SeriesKey._fields if name != "campaign"}


def add_to_buckets(buckets: Buckets) -> None:
    """Add counts, and unite profiles with those already there; buckets may be repeated."""
    whole = Buckets.joined([buckets, _held(buckets)]).united()
    sketches = whole.profiles.sketched()
    sql.insert(
        "livereport_bucket",
        {
            "series_id": whole.series,
            "tier": whole.tier,
            "start": whole.start,
            "count": whole.count,
            "sketch": [sketches.get(place) for place in range(len(whole))],
        },
        "(series_id, tier, start) DO UPDATE SET count = livereport_bucket.count + excluded.count,"
        " sketch = COALESCE(excluded.sketch, livereport_bucket.sketch)",
    )


def _held(buckets: Buckets) -> Buckets:
    """The profiles that buckets hold to which others are to be added."""
    places = buckets.profiles.numbers()
    keys = np.column_stack([buckets.series, buckets.tier, buckets.start])[places]
    columns = ("series_id", "tier", "start")
    found = sql.fetch_in("series_id, tier, start, 0, sketch", "livereport_bucket", columns, keys)
    return Buckets.of(found)


def keep_latest(latest: Latest, campaigns: Mapping[str, int], periods: Periods) -> None:
    """Replace the state of each message by the later of the two. Keys are sorted."""
    home = np.full(len(latest.key), periods.current.pk)
    for period, places in periods.holding(MESSAGES, latest.key):
        met = find_messages(period.pk, latest.key[places])
        home[np.searchsorted(latest.key, met)] = period.pk
    order = np.lexsort((latest.key, home))
    sql.insert(
        MESSAGES,
        {
            "period": home[order],
            "key": latest.key[order],
            "campaign_id": campaigns[latest.campaign],
            "channel": latest.channel,
            "gauge": latest.gauge,
            "execution": latest.execution[order],
            "at": latest.at[order],
            "rank": latest.rank[order],
            "waiting": latest.waiting[order],
        },
        "(period, key) DO UPDATE SET execution = excluded.execution, at = excluded.at,"
        " rank = excluded.rank, waiting = excluded.waiting"
        " WHERE (excluded.at, excluded.rank, excluded.execution)"
        " > (livereport_messagestate.at, livereport_messagestate.rank,"
        " livereport_messagestate.execution)",
    )


def note_spans(spans: Mapping[tuple[str, str, int], Span], campaigns: Mapping[str, int]) -> None:
    """Widen each channel's and execution's times; the channel's version grows."""
    channels: dict[tuple[int, str], Span] = {}
    for (campaign, channel, execution), span in sorted(spans.items()):
        whole = channels.setdefault((campaigns[campaign], channel), Span(span.first, span.last))
        whole.include(span.first)
        whole.include(span.last)
        if execution:
            _note_execution(campaigns[campaign], channel, execution, span)
    for (campaign_id, channel), span in channels.items():
        _note_channel(campaign_id, channel, span)


def _note_channel(campaign: int, channel: str, span: Span) -> None:
    row, _ = CampaignChannel.objects.get_or_create(campaign_id=campaign, channel=channel)
    first, last = _moment(span.first), _moment(span.last)
    row.first_event_at = min(row.first_event_at or first, first)
    row.last_event_at = max(row.last_event_at or last, last)
    row.version += 1
    row.save(update_fields=["first_event_at", "last_event_at", "version"])


def _note_execution(campaign: int, channel: str, execution: int, span: Span) -> None:
    last = _moment(span.last)
    row, created = Execution.objects.get_or_create(
        campaign_id=campaign,
        channel=channel,
        started_at=_moment(execution),
        defaults={"last_event_at": last},
    )
    if not created and row.last_event_at < last:
        row.last_event_at = last
        row.save(update_fields=["last_event_at"])


def campaign_ids(slugs: Iterable[str]) -> dict[str, int]:
    """The ids of campaigns by slug."""
    return dict(Campaign.objects.filter(slug__in=slugs).values_list("slug", "pk"))


def _moment(microseconds: int) -> datetime:
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
