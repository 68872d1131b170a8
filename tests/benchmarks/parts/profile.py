"""Where the time goes: shares of each of our functions, and of what it calls.

The profiler makes Python dearer and leaves C alone: read the order, not the digits.
"""

import cProfile
import pstats
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client

from liveReport import rollup
from liveReport.models import Source

from .. import events, load
from ..found import Found, table
from ..options import Options
from ..site import INGEST, ingest_token, prepare

COUNT = 100_000
BATCH = 1_000
TOP = 12
WRAPPERS = ("middleware", "__call__", "dispatch")
"""What everything passes through says nothing of where time goes."""
OURS = ("liveReport", "channels_plugins", "dashboards")


def measure(options: Options) -> Found:
    source = prepare()
    token = ingest_token(source)
    _ingest(token, COUNT // 10)()  # imports and caches are not what is measured
    rollup.fold_pending(budget=600)
    found = Found()
    for title, count, size in (
        ("ingest in batches of 1,000", COUNT, BATCH),
        ("ingest in batches of 1", 1_000, 1),
    ):
        found.tables[f"Profile of {title}"] = _profile(_ingest(token, count, size))
    rollup.fold_pending(budget=600)
    for title, seconds in (("a large send", 600), ("a day", 23 * load.HOUR)):
        _log(source, seconds)
        found.tables[f"Profile of the fold of {title}"] = _profile(
            lambda: rollup.fold_pending(budget=600)
        )
    return found


def _ingest(token: str, count: int, size: int = BATCH) -> Callable[[], None]:
    bodies = events.bodies(load.columns(count, time.time(), 600, seed=count), size)
    client = Client(headers={"host": "localhost", "authorization": f"Bearer {token}"})

    def work() -> None:
        for body in bodies:
            answer = client.post(INGEST, body, content_type="application/json")
            if answer.status_code != 202:
                raise RuntimeError(answer.content)

    return work


def _log(source: Source, seconds: float) -> None:
    now = time.time()
    part = load.columns(COUNT, now, seconds, seed=int(seconds))
    events.log(source, part, events.moment(now), BATCH)


def _profile(work: Callable[[], object]) -> str:
    """Our functions in which most time passed, themselves and with what they call."""
    profile = cProfile.Profile()
    profile.runcall(work)
    stats: Any = pstats.Stats(profile)  # its table is there, only not declared
    whole = max(cumulative for *_, cumulative, _callers in stats.stats.values())
    rows = [
        (cumulative / whole, own / whole, name)
        for (file, _line, function), (_, _, own, cumulative, _) in stats.stats.items()
        if (name := _name(file, function))
    ]
    shown = sorted(rows, reverse=True)[:TOP]
    cells = [[f"`{name}`", f"{share:.0%}", f"{own:.0%}"] for share, own, name in shown]
    return table(["function", "with what it calls", "itself"], cells)


def _name(file: str, function: str) -> str:
    """Empty for what is not ours."""
    path = Path(file)
    if not path.is_relative_to(settings.BASE_DIR):
        return ""
    module = path.relative_to(settings.BASE_DIR).with_suffix("")
    if module.parts[0] not in OURS or function.startswith("<") or function in WRAPPERS:
        return ""
    return f"{'.'.join(module.parts).removesuffix('.__init__')}.{function}"
