"""What the report reads of the rollups. Call inside ``sql.snapshot``, unless it is one read."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from cachetools import TTLCache
from django.db import connection

from liveReport.counts.cells import OTHER_EXECUTIONS
from liveReport.counts.sketch import merge
from liveReport.counts.tiers import TIERS, Range
from liveReport.memory import Memory
from liveReport.models import Switch

from . import sql

SeriesOf = tuple[str, str]
"""An event type and a dimension (empty for the events as a whole)."""
Rows = list[tuple[Any, ...]]

_Hours = tuple[tuple[int, int], ...]
"""Starts of hours, each with its count."""
_unions = Memory[tuple[int, int], tuple[_Hours, bytes]](TTLCache(256, 300))
"""United sketches by series and first hour, each with the hours that it unites.

A sketch changes with its bucket's count. Only a repair may change it alone, which is
why nothing is believed for longer than five minutes.
"""


_STATE = """
SELECT oldest, (SELECT MAX(folded_at) FROM livereport_eventbatch),
    channel, version, first_event_at, enabled, position
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
    SELECT received_at AS oldest FROM livereport_eventbatch WHERE NOT folded ORDER BY id LIMIT 1
) AS log ON TRUE
LEFT JOIN livereport_campaignchannel ON campaign_id = %s AND (declared OR last_event_at >= %s)
LEFT JOIN livereport_channelplugin ON slug = channel
"""


class ChannelState(NamedTuple):
    """A channel that a campaign declared or has events of."""

    version: int
    first_event_at: datetime | None
    switch: Switch | None


def state(
    campaign: int, since: datetime
) -> tuple[datetime | None, int | None, dict[str, ChannelState]]:
    """When the oldest event that waits was received, the number of the last fold, and a
    campaign's channels by slug.

    Those are in it that it declared, or has events of since a moment.
    Asked with every poll: to build the queries costs many times their answers.
    """
    start = connection.ops.adapt_datetimefield_value(since)
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [campaign, start])
        rows = cursor.fetchall()
    channels = {
        slug: ChannelState(
            version,
            first and sql.aware(first),
            None if on is None else Switch(bool(on), position),
        )
        for _oldest, _fold, slug, version, first, on, position in rows
        if slug is not None
    }
    oldest, fold, *_channel = rows[0]
    return oldest and sql.aware(oldest), fold, channels


_EXECUTIONS = """
SELECT started_at FROM livereport_execution
WHERE campaign_id = %s AND channel = %s AND last_event_at >= %s ORDER BY started_at DESC LIMIT %s
"""


def executions(campaign: int, channel: str, since: datetime, most: int) -> list[datetime]:
    """The latest runs of a channel that anything happened to since a moment, latest first."""
    start = connection.ops.adapt_datetimefield_value(since)
    with connection.cursor() as cursor:
        cursor.execute(_EXECUTIONS, [campaign, channel, start, most])
        return [sql.aware(started) for (started,) in cursor.fetchall()]


_FOLDED = """
SELECT 1 FROM livereport_series WHERE campaign_id = %s AND channel = %s AND execution = %s LIMIT 1
"""


def folds_executions(campaign: int, channel: str) -> bool:
    """Whether there are executions of a channel that are not counted apart."""
    return bool(sql.fetch(_FOLDED, [campaign, channel, OTHER_EXECUTIONS]))


def apart(campaign: int, channel: str, executions: Sequence[datetime]) -> set[datetime]:
    """Those of some executions that are counted apart."""
    keys: dict[str, sql.Each] = {
        "started_at": list(executions),
        "campaign_id": np.full(len(executions), campaign),
        "channel": [channel] * len(executions),
    }
    rows = sql.fetch_in("found.started_at", "livereport_execution", keys)
    return {sql.aware(started) for (started,) in rows}


class SeriesRow(NamedTuple):
    """One series of a channel."""

    pk: int
    type: str
    dimension: str
    value: str
    execution: int


_SERIES = """
SELECT id, type, dimension, value, execution FROM livereport_series
WHERE campaign_id = %s AND channel = %s AND (type, dimension) IN (VALUES {})
"""


def series(
    campaign: int, channel: str, wanted: Collection[SeriesOf], executions: Sequence[int]
) -> list[SeriesRow]:
    """The series of some event types and dimensions, of all executions or of some."""
    if not wanted:
        return []
    query = _SERIES.format(", ".join(["(%s, %s)"] * len(wanted)))
    pairs = [part for pair in wanted for part in pair]
    rows = _of_executions(query, [campaign, channel, *pairs], executions)
    return [SeriesRow(*row) for row in rows]


class SeriesOfValue(NamedTuple):
    """A series of a channel, and the number of the fold from which on it counts."""

    pk: int
    type: str
    dimension: str
    value: str
    execution: int
    since: int


_OF_VALUES = """
SELECT id, type, dimension, value, execution, since FROM livereport_series
WHERE campaign_id = %s AND channel = %s AND (type, dimension) IN (VALUES {}) AND value IN ({})
"""


def series_of_values(
    campaign: int, channel: str, wanted: Collection[SeriesOf], values: Collection[str]
) -> list[SeriesOfValue]:
    """The series of some event types and dimensions that are of these values."""
    pairs = ", ".join(["(%s, %s)"] * len(wanted))
    query = _OF_VALUES.format(pairs, ", ".join(["%s"] * len(values)))
    given = [campaign, channel, *(part for pair in wanted for part in pair), *values]
    return [SeriesOfValue(*row) for row in sql.fetch(query, given)]


def starts(ids: Sequence[int], within: Range) -> list[int]:
    """The starts of the buckets of a range in which any of some series has counted."""
    rows = _select("start", ids, [within], "AND count > 0 GROUP BY start")
    return [start for (start,) in rows]


def counts(ids: Sequence[int], ranges: Sequence[Range]) -> dict[int, int]:
    """The events of each series in the ranges."""
    found: dict[int, int] = defaultdict(int)
    total = "CAST(SUM(count) AS bigint)"
    for pk, count in _select(f"series_id, {total}", ids, ranges, "GROUP BY series_id"):
        found[pk] += count
    return found


def counts_by_step(
    ids: Sequence[int], ranges: Sequence[Range], step: int
) -> dict[int, dict[int, int]]:
    """The events of each series by the step, of so many seconds, in which they occurred."""
    found: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for pk, start, count in _select("series_id, start, count", ids, ranges):
        found[pk][start // step * step] += count
    return found


def sketches(ids: Sequence[int], ranges: Sequence[Range]) -> dict[int, list[bytes]]:
    """Sketches that unite to the profiles of each series in the ranges."""
    hours = [part for part in ranges if part.tier == TIERS[0]]
    found: dict[int, list[bytes]] = defaultdict(list)
    for pk, united in _united(ids, hours).items():
        found[pk].append(united)
    for pk, sketch in _sketches(ids, [part for part in ranges if part not in hours]):
        found[pk].append(sketch)
    return found


def _united(ids: Sequence[int], hours: Sequence[Range]) -> dict[int, bytes]:
    """One sketch for all full hours of each series: they seldom change, and are large."""
    state: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pk, start, count in sorted(_select("series_id, start, count", ids, hours)):
        state[pk].append((start, count))
    fingerprints = {pk: tuple(buckets) for pk, buckets in state.items()}
    known: dict[int, bytes] = {}
    for pk, fingerprint in fingerprints.items():
        held = _unions.get((pk, fingerprint[0][0]))
        if held and held[0] == fingerprint:
            known[pk] = held[1]
    unknown: dict[int, list[bytes]] = defaultdict(list)
    for pk, sketch in _sketches([pk for pk in fingerprints if pk not in known], hours):
        unknown[pk].append(sketch)
    for pk, parts in unknown.items():
        key = pk, fingerprints[pk][0][0]
        _, known[pk] = _unions.put(key, (fingerprints[pk], merge(parts)))
    return known


def _sketches(ids: Sequence[int], ranges: Sequence[Range]) -> Iterator[tuple[int, bytes]]:
    for pk, sketch in _select("series_id, sketch", ids, ranges):
        if sketch is not None:
            yield pk, sketch


def sketches_by_step(
    ids: Sequence[int], ranges: Sequence[Range], step: int
) -> dict[int, dict[int, list[bytes]]]:
    """The sketches of each series by the step in which the events occurred."""
    found: dict[int, dict[int, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    for pk, start, sketch in _select("series_id, start, sketch", ids, ranges):
        if sketch is not None:
            found[pk][start // step * step].append(sketch)
    return found


_WAITING = """
SELECT execution, COUNT(*) FROM livereport_messagestate
WHERE campaign_id = %s AND channel = %s AND gauge = %s AND waiting AND at >= %s AND at < %s
"""


def waiting(
    campaign: int, channel: str, gauge: str, since: int, until: int, executions: Sequence[int]
) -> dict[int, int]:
    """Messages now in the gauge's state, by execution (0 for none)."""
    given = [campaign, channel, gauge, since, until]
    return dict(_of_executions(_WAITING, given, executions, "GROUP BY execution"))


def _of_executions(
    query: str, given: Sequence[object], executions: Sequence[int], tail: str = ""
) -> Rows:
    """Rows of all executions, or of some."""
    if not executions:
        return sql.fetch(f"{query} {tail}", given)
    condition, chosen = sql.among("execution", executions)
    return sql.fetch(f"{query} AND {condition} {tail}", [*given, chosen])


def _select(columns: str, ids: Sequence[int], ranges: Sequence[Range], tail: str = "") -> Rows:
    """Rows of the buckets of some series: one indexed scan for each of the few ranges."""
    if not (ids and ranges):
        return []
    inside, wanted = sql.among("series_id", ids)
    ranged = " UNION ALL ".join(
        f"SELECT {columns} FROM livereport_bucket WHERE {inside}"
        f" AND tier = {part.tier} AND start >= {part.start} AND start < {part.end} {tail}"
        for part in ranges
    )
    return sql.fetch(ranged, [wanted] * len(ranges))
