"""The fold alone: everything is in the log when it begins."""

import statistics
import time

from liveReport import rollup
from liveReport.models import Source

from .. import events, load
from ..found import Found
from ..options import Options
from ..site import prepare

TRAFFIC = {"a large send (ten minutes)": 600.0, "spread over a day": 23 * 3600.0}
"""Seconds over which the same number of events is spread."""
COUNT = 200_000
BATCH = 1_000
TARGET = 120_000


def measure(options: Options) -> Found:
    """One process, one core; the database's own processes may use the other."""
    source = prepare()
    found = Found()
    for number, (name, seconds) in enumerate(TRAFFIC.items()):
        _rate(source, seconds, seed=100 + number, count=COUNT // 10)  # series and caches are there
        rates = [_rate(source, seconds, seed=10 * number + turn) for turn in range(options.rounds)]
        found.at_least(f"fold, {name}", statistics.median(rates), TARGET, "events/s")
    return found


def _rate(source: Source, spread: float, seed: int, count: int = COUNT) -> float:
    """Events a second, from the log to the rollups."""
    now = time.time()
    events.log(source, load.columns(count, now, spread, seed), events.moment(now), BATCH)
    started = time.perf_counter()
    folded = rollup.fold_pending(budget=600)
    taken = time.perf_counter() - started
    if folded != count:
        raise RuntimeError(f"{folded} of {count} events were folded")
    return count / taken
