"""The first page of the events behind a number, however many there are in the window.

Each stage adds events to the same day. Some of the requests come twice, so that it has to be
told which copies have counted, and one event says what no other does.
"""

import time
from datetime import datetime

import numpy as np

from liveReport import rollup
from liveReport.ingest.append import append
from liveReport.memory import forget_all
from liveReport.models import Campaign, Source
from liveReport.report.listing import list_events

from .. import events, load
from ..found import Found, number, table
from ..options import MILLION, Options
from ..reading import milliseconds
from ..site import prepare

GOAL = 300
"""Milliseconds for a first page and its count."""
GOAL_UP_TO = 10 * MILLION
TWICE = 20
"""One chunk in so many comes again."""
RARE = "reached by one"
NUMBERS = {
    "all that was sent": {"type": ["sent"]},
    "sent to a domain": {"type": ["sent"], "domain": [load.DOMAINS[0]]},
    "bounced for a reason": {"type": ["bounced"], "reason": [load.REASONS[0]]},
    "one in the window": {"type": ["excluded"], "reason": [RARE]},
    "two filters": {"type": ["bounced"], "reason": [load.REASONS[0]], "category": ["hard"]},
}
"""What is listed. The last has two dimensions, which no number tells apart: its events are
counted one by one, and it has no goal."""


def measure(options: Options) -> Found:
    source, until = prepare(), time.time()
    now = events.moment(until)
    found = Found()
    rows: list[list[str]] = []
    before = 0
    for stage, count in enumerate(sorted(options.stages)):
        _load(source, until, stage, count - before)
        timings = {name: _first_page(query, now) for name, query in NUMBERS.items()}
        rows.append([number(count), *(number(timing) for timing in timings.values())])
        if count <= GOAL_UP_TO:
            *numbers, _counted_one_by_one = timings.values()
            slowest = max(numbers)
            found.at_most(f"first page of events, {count:,} in the window", slowest, GOAL, "ms")
        before = count
    found.tables["First page of the events behind a number, ms"] = table(("events", *NUMBERS), rows)
    return found


def _load(source: Source, until: float, stage: int, count: int) -> None:
    """Add events, some of them twice, and one that says what no other does."""
    now = events.moment(until)
    for place, part in enumerate(load.day(count, until, seed=300 + stage)):
        several = events.columnar(part)
        for start in range(0, len(several), events.BATCH):
            portion = several.take(np.arange(start, min(start + events.BATCH, len(several))))
            append(source.pk, portion, now)
            if start == 0 and place % TWICE == 0:
                append(source.pk, portion, now)
        rollup.fold_pending(now, budget=3600)
    if stage == 0:
        one = events.columnar(load.columns(1, until - 12 * load.HOUR, 60, seed=1))
        shape = one.shapes[0]._replace(type="excluded", dimensions=(("reason", RARE),))
        one.shapes[0] = shape  # type: ignore[index]
        append(source.pk, one, now)
        rollup.fold_pending(now, budget=3600)


def _first_page(query: dict[str, list[str]], now: datetime) -> float:
    campaign = Campaign.objects.get(slug=events.CAMPAIGN)
    asked = {"channel": ["email"], **query}

    def work() -> None:
        forget_all()
        page = list_events(asked, lambda name: asked.get(name, []), campaign, now)
        assert page.count >= len(page.events)

    return milliseconds(work, 5)
