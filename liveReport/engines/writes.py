"""What the fold writes. Call inside a transaction, with rows from one folder only."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from django.db.models import Q

from liveReport.models import Campaign, CampaignChannel, Execution, Series
from liveReport.rollup.fold import SeriesKey, Span, State
from liveReport.rollup.sketch import merge

from . import sql

BucketKey = tuple[int, int, int]
"""Series id, tier, start."""


def claim_keys(rows: Sequence[tuple[bytes, int]]) -> set[bytes] | None:
    """Record event keys with the batch that brings them; which of them are new.

    ``rows`` are (key, batch id) without repeated keys. ``None`` means all. A key
    that this same batch has claimed before counts as new: folding again is safe.
    """
    ordered = sorted(rows)
    inserted = sql.insert(
        "livereport_seenevent",
        {"key": "bytea", "batch": "bigint"},
        ordered,
        "(key) DO NOTHING",
    )
    if inserted == len(ordered):
        return None
    owners = dict(rows)
    found = sql.select_in(
        "key, batch", "livereport_seenevent", {"key": "bytea"}, [(key,) for key in owners]
    )
    return {bytes(key) for key, batch in found if owners[bytes(key)] == batch}


def series_ids(
    keys: Iterable[SeriesKey], campaigns: Mapping[str, int], known: dict[SeriesKey, int]
) -> dict[SeriesKey, int]:
    """The ids of series, created where missing. ``known`` is a cache, filled on the way."""
    missing = sorted(key for key in keys if key not in known)
    if missing:
        Series.objects.bulk_create(
            (Series(campaign_id=campaigns[key.campaign], **_fields(key)) for key in missing),
            ignore_conflicts=True,
            batch_size=5_000,
        )
        known.update(_load_series(missing, campaigns))
    return known


def _fields(key: SeriesKey) -> dict[str, str | int]:
    return {name: getattr(key, name) for name in SeriesKey._fields if name != "campaign"}


def _load_series(keys: Sequence[SeriesKey], campaigns: Mapping[str, int]) -> dict[SeriesKey, int]:
    slugs = {pk: slug for slug, pk in campaigns.items()}
    scope = Q(pk__in=[])
    for campaign, channel, execution in {(k.campaign, k.channel, k.execution) for k in keys}:
        scope |= Q(campaign=campaigns[campaign], channel=channel, execution=execution)
    names = ("campaign_id", "channel", "type", "dimension", "value", "execution")
    return {
        SeriesKey(slugs[campaign], *rest): pk
        for pk, campaign, *rest in Series.objects.filter(scope).values_list("pk", *names)
    }


def add_to_buckets(counts: Mapping[BucketKey, int], sketches: Mapping[BucketKey, bytes]) -> None:
    """Add counts, and unite sketches with those already there."""
    united = _unite(sketches)
    sql.insert(
        "livereport_bucket",
        {"series_id": "bigint", "tier": "int", "start": "bigint", "count": "bigint",
         "sketch": "bytea"},
        [(*key, count, united.get(key)) for key, count in sorted(counts.items())],
        "(series_id, tier, start) DO UPDATE SET count = livereport_bucket.count + excluded.count,"
        " sketch = COALESCE(excluded.sketch, livereport_bucket.sketch)",
    )  # fmt: skip


def _unite(sketches: Mapping[BucketKey, bytes]) -> dict[BucketKey, bytes]:
    """Sketches merged with what their buckets hold."""
    held = (
        sql.select_in(
            "series_id, tier, start, sketch",
            "livereport_bucket",
            {"series_id": "bigint", "tier": "int", "start": "bigint"},
            sorted(sketches),
        )
        if sketches
        else []
    )
    united = dict(sketches)
    for series, tier, start, sketch in held:
        united[series, tier, start] = merge([united[series, tier, start], sketch])
    return united


def keep_latest_states(states: Mapping[bytes, State], campaigns: Mapping[str, int]) -> None:
    """Replace the state of each message by the later of the two."""
    sql.insert(
        "livereport_messagestate",
        {"key": "bytea", "campaign_id": "bigint", "channel": "text", "gauge": "text",
         "execution": "bigint", "at": "bigint", "rank": "smallint", "waiting": "boolean"},
        [
            (key, campaigns[state.campaign], state.channel, state.gauge, state.execution,
             state.at, state.rank, state.waiting)
            for key, state in sorted(states.items())
        ],
        "(key) DO UPDATE SET execution = excluded.execution, at = excluded.at,"
        " rank = excluded.rank, waiting = excluded.waiting"
        " WHERE (excluded.at, excluded.rank, excluded.execution)"
        " > (livereport_messagestate.at, livereport_messagestate.rank,"
        " livereport_messagestate.execution)",
    )  # fmt: skip


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
