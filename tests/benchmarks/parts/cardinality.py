"""An event in twenty has a reason that there is; each of the others has one of its own."""

import itertools
import time
from collections.abc import Iterator

import msgspec

from liveReport import rollup
from liveReport.ingest import receive
from liveReport.models import Bucket, Campaign
from liveReport.report import tab_widget
from liveReport.rollup.admission import LIMIT
from liveReport.tiers import TIERS

from .. import events, storage
from ..events import BATCH, CAMPAIGN
from ..found import Found
from ..options import Options
from ..site import prepare, resident

REAL = 20
"""In so many events, one has the reason that there is."""
REASON = "5.1.1"
ROWS = len(TIERS) * (LIMIT + 3)
"""All of it is of one minute: a row in each tier for each reason that is kept apart, for the
others together, and for the events as a whole."""
CHUNK = 10
"""Requests that come between two ticks."""


def measure(options: Options) -> Found:
    source = prepare()
    now = time.time() // 86_400 * 86_400 + 43_200  # full minutes before noon
    moment = events.moment(now)
    bodies = _bodies(options.events, events.moment(now - 60).isoformat())
    started = time.perf_counter()
    while chunk := list(itertools.islice(bodies, CHUNK)):
        for body in chunk:
            receive(source, body, now=moment)
        rollup.tick(moment, budget=600)
    taken = time.perf_counter() - started

    found = Found()
    hours = Bucket.objects.filter(tier=TIERS[0], series__type="excluded")
    of_reasons = sum(hours.filter(series__dimension="reason").values_list("count", flat=True))
    whole = sum(hours.filter(series__dimension="").values_list("count", flat=True))
    label = f"{options.events:,} events, nearly all with a reason of their own"
    found.at_most(f"{label}: rollup rows", storage.bucket_rows(), ROWS)
    found.at_most(f"{label}: missing in the whole", options.events - whole, 0, "events")
    found.at_most(f"{label}: missing among the reasons", options.events - of_reasons, 0, "events")
    found.at_most(f"{label}: place of the reason that there is", _place(now), 1)
    found.at_most(f"{label}: memory", resident(), 250, "MB")
    found.figures[f"{label}: events/s, taken in and folded"] = options.events / taken
    return found


def _bodies(count: int, at: str) -> Iterator[bytes]:
    """Requests of excluded events."""
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        yield msgspec.json.encode([_excluded(number, at) for number in numbers])


def _excluded(number: int, at: str) -> dict[str, str]:
    return {
        "id": f"e{number}",
        "campaign": CAMPAIGN,
        "channel": "email",
        "type": "excluded",
        "occurred_at": at,
        "profile": f"p{number % 5_000}",
        "reason": REASON if number % REAL == 0 else f"stranger {number:x}",
    }


def _place(now: float) -> int:
    """Where the page shows the reason that there is, from 1; far away if nowhere."""
    campaign = Campaign.objects.get(slug=CAMPAIGN)
    _, widget = tab_widget(campaign, "email", "exclusion_reasons", [], events.moment(now))
    rows = widget.frame.rows if widget.frame else []
    places = (place for place, row in enumerate(rows, start=1) if row["reason"] == REASON)
    return next(places, LIMIT)
