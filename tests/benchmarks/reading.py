"""What it takes to read a whole tab: ours, and the engines that are made for it."""

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from liveReport import report
from liveReport.memory import forget_all
from liveReport.models import Campaign
from liveReport.report import TODAY, Period, tabs

from .events import CAMPAIGN
from .found import Found
from .options import MILLION, Options

PEERS = ("duck", "clickhouse")
TURNS = 15
LONGEST = 3600
"""Seconds that a peer may take to load and answer."""
GOAL_UP_TO = 10 * MILLION
"""Events in the window: beyond them only growth has a goal."""
TIMES_FASTER = {10 * MILLION: 5.0, 100 * MILLION: 25.0}
"""How much faster than DuckDB on raw columns we want to be, by events in the window."""


def milliseconds(work: Callable[[], object], turns: int = TURNS) -> float:
    """The median of a few turns; one before them does not count."""
    work()
    timings = []
    for _turn in range(turns):
        started = time.perf_counter()
        work()
        timings.append(time.perf_counter() - started)
    return statistics.median(timings) * 1000


def email_tab(now: datetime, period: Period = TODAY) -> float:
    """Milliseconds for all frames of the Email tab in a state that nobody has asked for yet."""
    campaign = Campaign.objects.get(slug=CAMPAIGN)

    def work() -> None:
        tabs._built.clear()
        report.tab_report(campaign, "email", [], now, period=period)

    return milliseconds(work)


def email_tab_anew(now: datetime) -> float:
    """The same for a process that has read nothing of it before."""
    campaign = Campaign.objects.get(slug=CAMPAIGN)

    def work() -> None:
        forget_all()
        report.tab_report(campaign, "email", [], now)

    return milliseconds(work, turns=5)


def note_tab(found: Found, count: int, now: datetime) -> float:
    """Our figures; the milliseconds of a tab."""
    ours = email_tab(now)
    name = f"a whole Email tab, {count:,} events in the window"
    if count <= GOAL_UP_TO:
        found.at_most(name, ours, 30, "ms")
    else:
        found.figures[f"{name}: ms"] = ours
    found.figures[f"{name}, by a process new to it: ms"] = email_tab_anew(now)
    for window in ("6h", "1h", "15m"):
        share = email_tab(now, Period(window)) / ours
        found.figures[f"{name}, of {window} against all 24 hours: × as long"] = share
    return ours


def note_peers(found: Found, count: int, ours: float, until: float, options: Options) -> None:
    """Ask each peer for the same numbers of as many events, and compare."""
    for peer in PEERS:
        timings = _asked(peer, count, until, options)
        if not timings:
            found.remarks.append(f"{peer} is not installed: skipped")
        for name, theirs in timings.items():
            found.figures[f"the same, {count:,} events, {name}: ms"] = theirs
            _compare(found, count, name, theirs / ours)


def _compare(found: Found, count: int, name: str, faster: float) -> None:
    label = f"a tab, {count:,} events, against {name}"
    wanted = TIMES_FASTER.get(count) if "DuckDB" in name else 1.0 if "view" in name else None
    if wanted is None:
        found.figures[f"{label}: × as fast"] = faster
    else:
        found.at_least(label, faster, wanted, "× as fast")


def _asked(peer: str, count: int, until: float, options: Options) -> dict[str, float]:
    """Its timings; none where the peers' environment lacks it."""
    if not options.peers:
        return {}
    command = [options.peers, "-m", f"tests.benchmarks.peers.{peer}", str(count), str(until)]
    environment = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    done = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        timeout=LONGEST,
        check=False,
    )
    if done.returncode and b"ModuleNotFoundError" in done.stderr:
        return {}
    if done.returncode:
        raise RuntimeError(f"{peer}: {done.stderr.decode()[-2000:]}")
    timings: dict[str, float] = json.loads(done.stdout)
    return timings
