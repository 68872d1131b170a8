"""Requests of which every event names another unknown campaign, and who has to wait for them."""

import time
from threading import Event, Thread

import msgspec
from django.conf import settings
from django.db import connection

from liveReport.ingest import Receipt, receive
from liveReport.models import QuarantinedBatch, Source

from .. import events
from ..events import BATCH
from ..found import Found
from ..options import Options
from ..site import prepare

FLOOD = 10
"""Requests of a flood."""
MOST = 500
"""Milliseconds that one of them may take."""
WAIT = 250
"""Milliseconds that another sender's single event may take meanwhile."""


def measure(options: Options) -> Found:
    source = prepare()
    found = Found()
    stop = Event()
    waits: list[float] = []
    other = Thread(target=_send, args=[Source.objects.ensure("another"), stop, waits])
    other.start()
    try:
        answers = [_flood(source, number) for number in range(FLOOD)]
    finally:
        stop.set()
        other.join()
    (first, taken), *rest = answers
    label = f"{BATCH:,} unknown campaigns in a request"
    found.at_most(f"{label}: the first", first, MOST, "ms")
    found.at_most(f"{label}: the next ones, the slowest", max(ms for ms, _ in rest), MOST, "ms")
    found.at_most("… another sender's event meanwhile, the slowest", max(waits), WAIT, "ms")
    found.figures["… events that the first one put into the quarantine"] = taken.accepted
    rows = QuarantinedBatch.objects.count()
    found.at_most("… rows in quarantine", rows, settings.QUARANTINE_MAX_CAMPAIGNS)
    return found


def _flood(source: Source, number: int) -> tuple[float, Receipt]:
    """A request with other campaigns than any before; how many milliseconds it took."""
    return _timed(source, [_event(f"{number}-{place}") for place in range(BATCH)])


def _send(source: Source, stop: Event, waits: list[float]) -> None:
    try:
        while not stop.is_set():
            waits.append(_timed(source, [_event(f"{len(waits)}", events.CAMPAIGN)])[0])
    finally:
        connection.close()


def _timed(source: Source, sent: list[dict[str, str]]) -> tuple[float, Receipt]:
    body = msgspec.json.encode(sent)
    started = time.perf_counter()
    receipt = receive(source, body)
    return (time.perf_counter() - started) * 1_000, receipt


def _event(name: str, campaign: str = "") -> dict[str, str]:
    return {
        "id": name,
        "campaign": campaign or f"stranger-{name}",
        "channel": "email",
        "type": "sent",
        "occurred_at": events.moment(time.time()).isoformat(),
        "profile": name,
    }
