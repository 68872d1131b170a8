"""What the report reads of the rollups. Call inside ``sql.snapshot``."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Q

from liveReport.models import MessageState, Series
from liveReport.tiers import STEP, Range

Wanted = tuple[str, str]
"""An event type and a dimension (empty for the events as a whole)."""


class SeriesRow(NamedTuple):
    """One series of a channel."""

    pk: int
    type: str
    dimension: str
    value: str
    execution: int


def series(
    campaign: int, channel: str, wanted: Iterable[Wanted], executions: Sequence[int]
) -> list[SeriesRow]:
    """The series of some event types and dimensions, of all executions or of some."""
    scope = Q(pk__in=[])
    for event, dimension in wanted:
        scope |= Q(type=event, dimension=dimension)
    found = Series.objects.filter(scope, campaign=campaign, channel=channel)
    if executions:
        found = found.filter(execution__in=executions)
    return [SeriesRow(*row) for row in found.values_list(*SeriesRow._fields)]


def counts(ids: Sequence[int], ranges: Sequence[Range]) -> dict[int, int]:
    """The events of each series in the ranges."""
    found: dict[int, int] = defaultdict(int)
    for pk, count in _select("series_id, SUM(count)", ids, ranges, "GROUP BY series_id"):
        found[pk] += int(count)
    return found


def counts_by_step(ids: Sequence[int], ranges: Sequence[Range]) -> dict[int, dict[int, int]]:
    """The events of each series by the step in which they occurred."""
    found: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for pk, start, count in _select("series_id, start, count", ids, ranges):
        found[pk][start // STEP * STEP] += count
    return found


def sketches(ids: Sequence[int], ranges: Sequence[Range]) -> dict[int, list[bytes]]:
    """The sketches of each series in the ranges."""
    found: dict[int, list[bytes]] = defaultdict(list)
    for pk, sketch in _select("series_id, sketch", ids, ranges):
        if sketch is not None:
            found[pk].append(bytes(sketch))
    return found


def sketches_by_step(
    ids: Sequence[int], ranges: Sequence[Range]
) -> dict[int, dict[int, list[bytes]]]:
    """The sketches of each series by the step in which the events occurred."""
    found: dict[int, dict[int, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    for pk, start, sketch in _select("series_id, start, sketch", ids, ranges):
        if sketch is not None:
            found[pk][start // STEP * STEP].append(bytes(sketch))
    return found


def waiting(
    campaign: int, channel: str, gauge: str, since: int, until: int, executions: Sequence[int]
) -> dict[int, int]:
    """Messages now in the gauge's state, by execution (0 for none)."""
    rows = MessageState.objects.filter(
        campaign=campaign, channel=channel, gauge=gauge, waiting=True, at__gte=since, at__lt=until
    )
    if executions:
        rows = rows.filter(execution__in=executions)
    return dict(rows.values_list("execution").annotate(Count("pk")).order_by())


def _select(
    columns: str, ids: Sequence[int], ranges: Sequence[Range], tail: str = ""
) -> list[tuple]:  # type: ignore[type-arg]
    """Rows of the buckets of some series: one indexed scan for each of the few ranges."""
    if not ids:
        return []
    inside = ", ".join(str(int(pk)) for pk in ids)
    ranged = " UNION ALL ".join(
        f"SELECT {columns} FROM livereport_bucket WHERE series_id IN ({inside})"
        f" AND tier = {part.tier} AND start >= {part.start} AND start < {part.end} {tail}"
        for part in ranges
    )
    with connection.cursor() as cursor:
        cursor.execute(ranged)
        return list(cursor.fetchall())
