"""From sending an event to its being on a viewer's page, under sustained traffic.

The producers' pace is fixed (open loop): what is slow does not slow them down.
"""

import time
from dataclasses import dataclass, field
from functools import partial
from random import Random

import msgspec
import numpy as np

from .. import events, load
from ..client import Connection, expect, posts, together
from ..found import Found
from ..options import Options
from ..site import INGEST, ingest_token, memory, prepare, session_cookie, stack
from ..viewers import Viewer, Watcher
from .sustained import note_memory

RATE = 2_000
"""Events a second."""
PACE = 0.99
"""The part of these that must get through: with less load there is less to measure."""
BEHIND = 1.0
"""Seconds that a batch may miss its time by, for the same reason."""
BATCH = 200
PRODUCERS = 2
VIEWERS = 10
WARM = 5.0
"""Seconds of traffic before the first marker is sent."""
DRAIN = 10.0
"""Seconds that viewers stay after the last marker may have been sent."""
MARKERS = 120
MARKER = "complained"
"""A type that nothing else of the traffic has."""
BEFORE = 200_000
"""Events of the day before, most of them."""


@dataclass
class Sent:
    """When the batches began, when each was answered and by how many seconds it had missed its
    time; and when each marker was sent."""

    started: float
    answered: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    markers: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Events a second: fewer than were wanted, if a slow server held the producers up."""
        return len(self.answered) * BATCH / (max(self.answered) - self.started)


def measure(options: Options) -> Found:
    source = prepare()
    token = ingest_token(source)
    now = time.time()
    events.fill(source, load.day(min(BEFORE, options.events), now, seed=1), events.moment(now))
    cookies = [session_cookie() for _ in range(VIEWERS)]
    with stack() as port:
        watchers = [Watcher(Viewer(port, cookie), "spam_complaints") for cookie in cookies]
        sent = _traffic(port, token, watchers, options.freshness)
        held = memory()
    found = Found()
    _note(found, sent, watchers)
    note_memory(found, held, "with ten viewers")
    return found


def _traffic(port: int, token: str, watchers: list[Watcher], seconds: float) -> Sent:
    """Producers, markers and viewers at once."""
    started = time.perf_counter() + 1
    sent = Sent(started)
    end = started + WARM + seconds
    producers = [
        partial(_produce, port, token, number, started, end, sent) for number in range(PRODUCERS)
    ]
    viewers = [partial(watcher.watch, end + DRAIN) for watcher in watchers]
    markers = partial(_mark, port, token, started + WARM, end, sent)
    together([*producers, *viewers, markers])
    return sent


def _produce(port: int, token: str, number: int, start: float, end: float, sent: Sent) -> None:
    """One producer's share of the batches, each at its time."""
    connection = Connection(port)
    step = BATCH * PRODUCERS / RATE
    due = start + step * number / PRODUCERS
    while due < end:
        part = load.columns(BATCH, time.time(), step, seed=time.perf_counter_ns() % 2**32)
        (request,) = posts(INGEST, events.bodies(part, BATCH), token)
        time.sleep(max(0.0, due - time.perf_counter()))
        sent.late.append(time.perf_counter() - due)
        expect(connection.ask(request), 202)
        sent.answered.append(time.perf_counter())
        due += step


def _mark(port: int, token: str, start: float, end: float, sent: Sent) -> None:
    """Markers at random times, each in a request of its own."""
    connection = Connection(port)
    random = Random(4)
    for due in sorted(random.uniform(start, end) for _ in range(MARKERS)):
        time.sleep(max(0.0, due - time.perf_counter()))
        (request,) = posts(INGEST, [msgspec.json.encode([_marker()])], token)
        sent.markers.append(time.perf_counter())
        expect(connection.ask(request), 202)


def _marker() -> dict[str, str]:
    at = events.moment(time.time()).isoformat()
    (id_,) = events.ids(1)
    return {
        "id": id_,
        "campaign": events.CAMPAIGN,
        "channel": "email",
        "type": MARKER,
        "occurred_at": at,
        "profile": f"customer-{id_}",
    }


def _note(found: Found, sent: Sent, watchers: list[Watcher]) -> None:
    """Every marker counts once for every viewer."""
    delays: list[float] = []
    for watcher in watchers:
        if len(watcher.seen) != len(sent.markers):
            raise RuntimeError(f"a viewer saw {len(watcher.seen)} of {len(sent.markers)} markers")
        delays += [seen - at for at, seen in zip(sent.markers, watcher.seen, strict=True)]
    p50, p99 = (float(np.percentile(delays, percent)) for percent in (50, 99))
    found.at_most("event to screen, median", p50, 2.5, "s")
    found.at_most("event to screen, 99 %", p99, 5.0, "s")
    found.figures["event to screen, slowest: s"] = max(delays)
    found.figures["event to screen, measured: times"] = len(delays)
    found.at_least("sent meanwhile", sent.rate, PACE * RATE, "events/s")
    behind = float(np.percentile(sent.late, 99))
    found.at_most("sent behind schedule, 99 %", behind, BEHIND, "s")
    polls = [poll for watcher in watchers for poll in watcher.polls]
    found.figures["a viewer's poll under traffic, median: ms"] = float(np.median(polls)) * 1000
    found.figures["a viewer's poll under traffic, 99 %: ms"] = (
        float(np.percentile(polls, 99)) * 1000
    )
