"""The fold alone: everything is in the log when it begins."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from liveReport import rollup
from liveReport.counts.histories import Facts, Histories
from liveReport.models import Source
from liveReport.rollup import tick

from .. import events, load
from ..found import Found
from ..options import Options
from ..site import prepare

LARGE = "a large send (ten minutes)"
TRAFFIC = {LARGE: 600.0, "spread over a day": 23 * 3600.0}
"""Seconds over which the same number of events is spread."""
COUNT = 200_000
BATCH = 1_000
TARGET = 120_000
LEDGER = 1.3
"""How many times as long a large send may take as without a ledger."""


def measure(options: Options) -> Found:
    """One process, one core; the database's own processes may use the other."""
    source = prepare()
    found = Found()
    for number, (name, seconds) in enumerate(TRAFFIC.items()):
        _rate(source, seconds, seed=100 + number, count=COUNT // 10)  # series and caches are there
        rates = [_rate(source, seconds, seed=10 * number + turn) for turn in range(options.rounds)]
        found.at_least(f"fold, {name}", statistics.median(rates), TARGET, "events/s")
    _note_ledger(found, source, options.rounds)
    return found


def _note_ledger(found: Found, source: Source, rounds: int) -> None:
    """In turn with and without; the best of each, in which no period of keys was closed."""
    without, with_ledger = [], []
    for turn in range(2 * rounds):
        with _no_ledger():
            without.append(_rate(source, TRAFFIC[LARGE], seed=200 + turn))
        with_ledger.append(_rate(source, TRAFFIC[LARGE], seed=300 + turn))
    ratio = max(without) / max(with_ledger)
    found.at_most(f"ledger, {LARGE}: fold with / without", ratio, LEDGER, "×")


@contextmanager
def _no_ledger() -> Iterator[None]:
    nothing = Histories({}, Facts.none())
    with (
        mock.patch.object(tick.Scope, "histories", return_value=nothing),
        mock.patch.object(tick, "ledgers", mock.Mock()),
    ):
        yield


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
