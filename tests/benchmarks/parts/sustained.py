"""End to end on the whole stack: from the first request until nothing is pending."""

import time

from .. import events, load
from ..client import posts, send_all
from ..found import Found
from ..options import Options
from ..site import INGEST, ingest_token, is_folded, memory, prepare, stack, wait

BATCH = 1_000
MOST = 600_000
MINUTES = 10
CALM = 15.0
"""Seconds after which a worker's memory is what it keeps."""


def measure(options: Options) -> Found:
    token = ingest_token(prepare())
    count = min(options.events, MOST)
    warm = _requests(count // 20, token, seed=1)
    requests = _requests(count, token, seed=2)
    found = Found()
    with stack() as port:
        send_all(port, warm)
        wait(is_folded, "the first events are folded")
        started = time.perf_counter()
        send_all(port, requests)
        sent = time.perf_counter() - started
        wait(is_folded, "everything is folded", patience=600)
        taken = time.perf_counter() - started
        time.sleep(CALM)
        held = memory()
    found.at_least("sustained, HTTP to folded", count / taken, 60_000, "events/s")
    found.figures["sustained, taken in while folding: events/s"] = count / sent
    note_memory(found, held, "after sustained load")
    return found


def note_memory(found: Found, held: dict[str, float], when: str) -> None:
    """The goals for the memory of each process."""
    found.at_most(f"memory of a web worker, {when}", held["web worker"], 150, "MB")
    found.at_most(f"memory of a Celery worker, {when}", held["celery worker"], 250, "MB")


def _requests(count: int, token: str, seed: int) -> list[bytes]:
    found: list[bytes] = []
    for part in load.day(count, time.time(), seed, hours=MINUTES / 60):
        found += posts(INGEST, events.bodies(part, BATCH), token)
    return found
