"""The buckets of the rollups, as they are stored: what a fold adds, and what a recount compares."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from liveReport.counts.buckets import BucketKey, Buckets
from liveReport.counts.cells import Run
from liveReport.counts.folded import Folded
from liveReport.counts.ranks import Admission
from liveReport.models import Bucket

from . import campaigns as owners
from . import executions, series, sql, states
from .keys import periods
from .keys.periods import Periods

_TABLE = "livereport_bucket"
_COLUMNS = "series_id, tier, start, count, sketch"


def apply(
    folded: Folded,
    leaving: Sequence[Run],
    admission: Admission,
    campaigns: Mapping[str, int],
    held: Periods,
    fold: int,
) -> None:
    """Add to the rollups, in the caller's transaction.

    What executions hold that are ``leaving`` goes to the one that counts all others.
    ``campaigns`` has the ids of the campaigns that the events name, ``fold`` is the number of
    this fold.
    """
    handed = executions.series(leaving, campaigns)
    admitted = series.admit(folded.cells, handed, admission, campaigns)
    ids = admitted.ids(campaigns, fold)
    left = _take_out(admitted.heirs(ids))
    add(Buckets.joined([admitted.cells.buckets(ids), left]))
    executions.take_out(leaving, campaigns)
    for latest in folded.latest:
        states.keep_latest(latest, campaigns, held)
    periods.grow(held.current.pk, folded.messages())
    owners.note_spans(folded.spans, campaigns)


def add(buckets: Buckets) -> None:
    """Add counts, and unite profiles with those already there; buckets may be repeated."""
    whole = Buckets.joined([buckets, _held(buckets)]).united()
    sketches = whole.profiles.sketched()
    sql.insert(
        _TABLE,
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
    found = sql.fetch_in("series_id, tier, start, 0, sketch", _TABLE, keys)
    return Buckets.of(found)


def _take_out(heirs: Mapping[int, int]) -> Buckets:
    """Delete some series; what their buckets held, as it is to be added to those of their heirs."""
    if not heirs:
        return Buckets.of([])
    inside, given = sql.among("series_id", list(heirs))
    gone = f"DELETE FROM {_TABLE} WHERE {inside} RETURNING {_COLUMNS}"
    rows = sql.fetch(gone, [given])
    series.delete(list(heirs))
    return Buckets.of([(heirs[pk], *row) for pk, *row in rows])


def stored(since: int) -> Iterator[tuple[int, int, int, int, bytes | memoryview | None]]:
    """Series, tier, start, count and sketch of every bucket that starts at ``since`` or later.

    In seconds since 1970; row by row.
    """
    rows = Bucket.objects.filter(start__gte=since)
    return rows.values_list("series_id", "tier", "start", "count", "sketch").iterator(2_000)


def replace(wrong: Collection[BucketKey], counted: Buckets) -> None:
    """Put what was counted in place of some buckets, in the caller's transaction."""
    for pk, tier, start in wrong:
        Bucket.objects.filter(series_id=pk, tier=tier, start=start).delete()
    living = series.alive({pk for pk, _tier, _start in wrong})
    mended = {key for key in wrong if key[0] in living}
    add(counted.where(np.array([key in mended for key in counted.bucket_keys()], np.bool_)))
