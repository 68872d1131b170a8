"""Durable HTTP ingest, against COPY, against rows by the ORM, against an empty view.

Client and server share the machine. Ours and theirs take turns, and medians count.
"""

import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from time import time

from django.db import connection

from .. import events, load
from ..client import Load, drive, posts
from ..found import Found
from ..options import Options
from ..peers.heap import Heap
from ..site import INGEST, OURS, PEERS, clear_log, ingest_token, prepare, server

POOL = 100_000
"""Events that are sent over and over: nothing that is measured here looks at their ids."""
SIZES = (1, 100, 1_000, 5_000)
WARM = 0.5
"""Seconds that each kind of request is sent for before any of them counts."""

Work = Callable[[float], Load | float]
"""Goes on for some seconds; what came of it, or how many events a second."""
Measured = dict[str, list[Load | float]]


def measure(options: Options) -> Found:
    """Everything on the default server; on the other what compares the two."""
    token = ingest_token(prepare())
    _create_rows()
    part = load.columns(POOL, time(), 300, seed=1)
    bodies = {size: events.bodies(part, size)[:2_000] for size in SIZES}
    found = Found()
    with ExitStack() as running:
        works = _served(running, "granian", bodies, token) | _rows(running, bodies[1_000])
        if options.postgres:
            heap = running.enter_context(Heap.created(options.postgres, events.plain(part)))
            works |= {"COPY": heap.rows, "COPY, rendered": heap.rendered}
        rates = _note(found, "granian", _in_turns(works, options))
    _compare(found, rates)
    with ExitStack() as running:
        few = {size: bodies[size] for size in (1, 1_000)}
        works = _served(running, "gunicorn", few, token)
        _note(found, "gunicorn", _in_turns(works, options))
    return found


def _served(
    running: ExitStack, name: str, bodies: dict[int, list[bytes]], token: str
) -> dict[str, Work]:
    """Our ingest in batches of each size, and the empty view, on a server each."""
    ours = running.enter_context(server(name, OURS))
    peer = running.enter_context(server(name, PEERS))
    empty = posts("/empty/", bodies[1])
    works: dict[str, Work] = {
        _batches(size): partial(drive, ours, posts(INGEST, some, token))
        for size, some in bodies.items()
    }
    return works | {"empty": partial(drive, peer, empty)}


def _rows(running: ExitStack, bodies: list[bytes]) -> dict[str, Work]:
    """The baseline, on the default server."""
    port = running.enter_context(server("granian", PEERS))
    requests = posts("/rows/", bodies)

    def work(seconds: float) -> Load:
        _delete_rows()  # an id that is there already would not be inserted
        return drive(port, requests, seconds)

    return {"rows": work}


def _batches(size: int) -> str:
    return f"batches of {size:,}"


def _in_turns(works: dict[str, Work], options: Options) -> Measured:
    measured: Measured = defaultdict(list)
    for work in works.values():
        work(WARM)
    for _round in range(options.rounds):
        for name, work in works.items():
            clear_log()
            measured[name].append(work(options.seconds))
    clear_log()
    return measured


def _note(found: Found, name: str, measured: Measured) -> dict[str, float]:
    """Note what a server did; what it did a second, by the kind of request."""
    rates = {work: _median_rate(runs) for work, runs in measured.items()}
    for size in SIZES:
        if _batches(size) in measured:
            label = f"ingest, {name}, {_batches(size)}"
            unit = "requests" if size == 1 else "events"
            found.figures[f"{label}: {unit}/s"] = rates[_batches(size)] * size
            found.figures[f"{label}, 99 % answered within: ms"] = _p99(measured[_batches(size)])
    found.figures[f"an empty view, {name}: requests/s"] = rates["empty"]
    return rates


def _compare(found: Found, rates: dict[str, float]) -> None:
    ours, rows = rates[_batches(1_000)] * 1_000, rates["rows"] * 1_000
    if "COPY" in rates:
        found.figures["COPY into a bare heap: events/s"] = rates["COPY"]
        found.figures["COPY of text rendered beforehand: events/s"] = rates["COPY, rendered"]
        found.at_least("ingest against COPY", ours / rates["COPY"], 0.75, "×")
    found.figures["serializer and bulk_create: events/s"] = rows
    found.at_least("ingest against serializer and bulk_create", ours / rows, 18, "×")
    single = rates[_batches(1)] / rates["empty"]
    found.at_least("ingest, batches of 1, against an empty view", single, 0.4, "×")


def _median_rate(runs: list[Load | float]) -> float:
    return statistics.median(run.rate if isinstance(run, Load) else run for run in runs)


def _p99(runs: list[Load | float]) -> float:
    return statistics.median(run.percentile(99) for run in runs if isinstance(run, Load))


def _create_rows() -> None:
    """The baseline's table; in a process that has its settings."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.peers.settings"}
    command = [sys.executable, "manage.py", "migrate", "--run-syncdb", "-v0"]
    subprocess.run(command, env=environment, check=True)


def _delete_rows() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rows_rowevent")
