"""What the fold writes. Call inside a transaction, with rows from one folder only."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from django.db import connection

from liveReport.counts.buckets import Buckets
from liveReport.counts.cells import Group, Place, Run, SeriesKey
from liveReport.counts.states import Latest, Span
from liveReport.counts.tiers import TIERS
from liveReport.engines.keys.keypages import Owned
from liveReport.engines.keys.periods import MESSAGES, NOBODY, Periods, find_messages
from liveReport.events.columns import Ints, Mask
from liveReport.events.moments import moment

from . import executions, sql

SERIES = "livereport_series"
CHANNELS = "livereport_campaignchannel"


def claim_keys(keys: Ints, batches: Ints, periods: Periods) -> Mask:
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
    """The ids of those of some series that exist."""
    rows = sql.fetch_in(f"id, {', '.join(_NAMES)}", SERIES, _columns(sorted(keys), campaigns))
    return _by_key(rows, campaigns)


def sizes(groups: Sequence[Group], campaigns: Mapping[str, int]) -> dict[Group, int]:
    """How many series there are of each group that has any."""
    names = "campaign_id, channel, type, dimension, execution"
    keys = _columns(groups, campaigns)
    rows = sql.fetch_in(f"{names}, COUNT(*)", SERIES, keys, tail=f"GROUP BY {names}")
    slugs = {pk: slug for slug, pk in campaigns.items()}
    return {Group(slugs[campaign], *rest): count for campaign, *rest, count in rows}


def series_of(groups: Sequence[Group], campaigns: Mapping[str, int]) -> dict[SeriesKey, int]:
    """The ids of all series of some groups."""
    rows = sql.fetch_in(f"id, {', '.join(_NAMES)}", SERIES, _columns(groups, campaigns))
    return _by_key(rows, campaigns)


def series_ids(
    keys: Iterable[SeriesKey],
    campaigns: Mapping[str, int],
    known: Mapping[SeriesKey, int],
    leaving: Iterable[int] = (),
) -> dict[SeriesKey, int]:
    """The ids of series, created where missing; none can be deleted before the transaction ends.

    Nor those that are ``leaving``, by their ids, before this transaction deletes them.
    """
    wanted = set(keys)
    alive = alive_series({*(known[key] for key in wanted if key in known), *leaving})
    missing = sorted(key for key in wanted if known.get(key) not in alive)
    if not missing:
        return dict(known)
    sql.insert(SERIES, _columns(missing, campaigns), "DO NOTHING")
    return {**known, **known_series(missing, campaigns)}


_NAMES = ("campaign_id", "channel", "type", "dimension", "value", "execution")


def _columns(
    keys: Sequence[SeriesKey] | Sequence[Group], campaigns: Mapping[str, int]
) -> dict[str, sql.Each]:
    """The columns by which series, or groups of them, are found."""
    if not keys:
        return {"campaign_id": np.empty(0, np.int64)}
    columns = dict(zip(keys[0]._fields, zip(*keys, strict=True), strict=True))
    ids = np.array([campaigns[slug] for slug in columns.pop("campaign")], np.int64)
    execution = np.array(columns.pop("execution"), np.int64)
    return {"campaign_id": ids, **columns, "execution": execution}


def _by_key(rows: Iterable[tuple[Any, ...]], campaigns: Mapping[str, int]) -> dict[SeriesKey, int]:
    slugs = {pk: slug for slug, pk in campaigns.items()}
    return {SeriesKey(slugs[campaign], *rest): pk for pk, campaign, *rest in rows}


def alive_series(ids: Iterable[int]) -> set[int]:
    """Which of these series exist: they do until the transaction ends."""
    inside, given = sql.among("id", sorted(ids))
    lock = "ORDER BY id FOR NO KEY UPDATE" if connection.vendor == "postgresql" else ""
    found = sql.fetch(f"SELECT id FROM {SERIES} WHERE {inside} {lock}", [given])
    return {pk for (pk,) in found}


def weights(ids: Sequence[int]) -> dict[int, int]:
    """The events that each of some series has counted, as far as they are kept."""
    inside, given = sql.among("series_id", ids)
    query = f"SELECT series_id, SUM(count) FROM livereport_bucket WHERE {inside} AND tier = %s"
    found = sql.fetch(f"{query} GROUP BY series_id", [given, TIERS[0]])
    return {series: int(count) for series, count in found}


def take_out(heirs: Mapping[int, int]) -> Buckets:
    """Delete some series; what their buckets held, as it is to be added to those of their heirs."""
    if not heirs:
        return Buckets.of([])
    inside, given = sql.among("series_id", list(heirs))
    gone = f"DELETE FROM livereport_bucket WHERE {inside} RETURNING {_BUCKET}"
    rows = sql.fetch(gone, [given])
    inside, given = sql.among("id", list(heirs))
    sql.fetch(f"DELETE FROM {SERIES} WHERE {inside} RETURNING id", [given])
    return Buckets.of([(heirs[series], *row) for series, *row in rows])


_BUCKET = "series_id, tier, start, count, sketch"


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
    columns = {"series_id": buckets.series, "tier": buckets.tier, "start": buckets.start}
    keys = {name: column[places] for name, column in columns.items()}
    found = sql.fetch_in("series_id, tier, start, 0, sketch", "livereport_bucket", keys)
    return Buckets.of(found)


def keep_latest(latest: Latest, campaigns: Mapping[str, int], periods: Periods) -> None:
    """Replace the state of each message by the later of the two. Keys are sorted."""
    home = np.full(len(latest.key), periods.current.pk)
    for period, places in periods.holding(MESSAGES, latest.key):
        met = find_messages(period.pk, latest.key[places])
        home[np.searchsorted(latest.key, met)] = period.pk
    order = np.lexsort((latest.key, home))
    ids = np.array([campaigns[slug] for slug in latest.campaigns], np.int64)
    sql.insert(
        MESSAGES,
        {
            "period": home[order],
            "key": latest.key[order],
            "campaign_id": ids[latest.campaign[order]],
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


def note_spans(spans: Mapping[Run, Span], campaigns: Mapping[str, int]) -> None:
    """Widen each channel's and execution's times; the channel's version grows."""
    channels: dict[Place, Span] = {}
    for run, span in sorted(spans.items()):
        whole = channels.setdefault(run.place, Span(span.first, span.last))
        whole.include(span.first)
        whole.include(span.last)
    _note_channels(channels, campaigns)
    apart = {run: span.last for run, span in spans.items() if run.execution > 0}
    executions.note(apart, campaigns)


def _note_channels(spans: Mapping[Place, Span], campaigns: Mapping[str, int]) -> None:
    sql.insert(
        CHANNELS,
        {
            "channel": [channel for _campaign, channel in spans],
            "campaign_id": np.array([campaigns[slug] for slug, _channel in spans], np.int64),
            "declared": np.zeros(len(spans), np.bool_),
            "first_event_at": [moment(span.first) for span in spans.values()],
            "last_event_at": [moment(span.last) for span in spans.values()],
            "version": 1,
        },
        "(campaign_id, channel) DO UPDATE SET"
        f" version = {CHANNELS}.version + 1,"
        f" first_event_at = CASE WHEN {CHANNELS}.first_event_at < excluded.first_event_at"
        f" THEN {CHANNELS}.first_event_at ELSE excluded.first_event_at END,"
        f" last_event_at = CASE WHEN {CHANNELS}.last_event_at > excluded.last_event_at"
        f" THEN {CHANNELS}.last_event_at ELSE excluded.last_event_at END",
    )


def mark_folded(batches: Ints, duplicates: Ints, late: Ints) -> None:
    """Close batches of the log, with how many of each one's events did not count, and why."""
    columns: dict[str, sql.Values] = {
        "folded": np.ones(len(batches), np.bool_),
        "duplicates": duplicates,
        "late": late,
    }
    sql.update("livereport_eventbatch", {"id": batches}, columns)


def campaign_ids(slugs: Iterable[str]) -> dict[str, int]:
    """The ids of campaigns by slug."""
    return dict(sql.fetch_in("slug, id", "livereport_campaign", {"slug": sorted(slugs)}))
