"""Days of constant traffic on a simulated clock: under retention nothing may grow."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from liveReport import rollup
from liveReport.engines import outage
from liveReport.models import Source

from .. import events, load, storage
from ..found import Found, number, table
from ..options import Options
from ..site import prepare, resident

PER_HOUR = 5_000
HOURS = 24
SETTLED = 6
"""The day from which on nothing may grow: the log is kept for three days and its keys for a
quarter of a day longer; then the database has its first chance to use space again."""
FLAT = 1.05
HEAD = (
    "day",
    "buckets",
    "log: events",
    "log: MB",
    "keys: MB",
    "states: MB",
    "database: MB",
    "memory: MB",
)
Row = tuple[float, ...]


def measure(options: Options) -> Found:
    source = prepare()
    midnight = time.time() // 86_400 * 86_400
    days = range(1, max(options.days, SETTLED + 1) + 1)
    with _transactions() as held:
        rows = [_day(source, midnight, day) for day in days]
    found = Found()
    found.figures["soak, longest transaction of pruning: ms"] = max(held) * 1000
    found.tables["Soak"] = table(HEAD, [[number(value) for value in row] for row in rows])
    for place, name in enumerate(HEAD[1:], start=1):
        if rows[SETTLED - 1][place]:
            growth = rows[-1][place] / rows[SETTLED - 1][place]
            label = f"soak, {name.partition(':')[0] if 'log' not in name else name}"
            found.at_most(f"{label}, day {len(rows)} against day {SETTLED}", growth, FLAT, "×")
    return found


@contextmanager
def _transactions() -> Iterator[list[float]]:
    """For how many seconds each transaction of pruning held its locks."""
    held: list[float] = []
    leave_a_gap = outage.let_others_write

    def note(seconds: float) -> None:
        held.append(seconds)
        leave_a_gap(seconds)

    with patch.object(outage, "let_others_write", note):
        yield held


def _day(source: Source, midnight: float, day: int) -> Row:
    """A day hour by hour, then what is there at its end."""
    for hour in range(HOURS):
        until = midnight + (day * HOURS + hour + 1) * load.HOUR
        now = events.moment(until)
        part = load.columns(PER_HOUR, until, load.HOUR, seed=day * HOURS + hour)
        events.log(source, part, now, size=1_000)
        rollup.fold_pending(now, budget=600)
        rollup.prune(now)
        if hour % (HOURS // 2) == HOURS // 2 - 1:
            storage.vacuum()
    gc.collect()
    sizes = (
        storage.log_bytes(),
        storage.table_bytes(storage.KEYS),
        storage.table_bytes(storage.STATES),
        storage.database_bytes(),
    )
    return (
        *(day, storage.bucket_rows(), storage.counted_events()),
        *(size / 1e6 for size in sizes),
        resident(),
    )
