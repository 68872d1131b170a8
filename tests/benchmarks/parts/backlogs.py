"""Backlogs of many small things: executions of one campaign, campaigns with all channels."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice, product
from typing import Any

import msgspec
from django.db.models import Sum

from liveReport import rollup
from liveReport.channels import all_channels
from liveReport.counts.tiers import TIERS
from liveReport.ingest import receive
from liveReport.models import Bucket, Campaign, EventBatch, Source

from .. import events
from ..events import BATCH
from ..found import Found
from ..options import Options
from ..site import prepare

EXECUTIONS = 12_000
CAMPAIGNS = 200
RUNS = 10
"""Executions of each campaign and channel, where they have any."""
SECONDS, TICKS = 20, 3

Event = dict[str, Any]


def measure(options: Options) -> Found:
    source = prepare()
    slugs = [f"campaign-{number}" for number in range(CAMPAIGNS)]
    Campaign.objects.bulk_create(Campaign(slug=slug, name=slug) for slug in ["one", *slugs])
    now = events.moment(time.time())
    found = Found()
    many = f"{CAMPAIGNS} campaigns on all channels"
    _measure(found, source, f"{EXECUTIONS:,} executions", now, _runs(now, 0))
    _measure(found, source, f"{EXECUTIONS:,} others", now, _runs(now, EXECUTIONS))
    _measure(found, source, many, now, _campaigns(slugs, now, [None]))
    runs = [(now - timedelta(days=day)).isoformat() for day in range(RUNS)]
    _measure(found, source, f"{many}, {RUNS} executions each", now, _campaigns(slugs, now, runs))
    return found


def _measure(
    found: Found, source: Source, label: str, now: datetime, sent: Iterator[Event]
) -> None:
    """All of it is in the log when the first tick begins."""
    before, count = _counted(), 0
    while batch := list(islice(sent, BATCH)):
        receive(source, msgspec.json.encode(batch), now=now)
        count += len(batch)
    started, ticks = time.perf_counter(), 0
    while EventBatch.objects.filter(folded=False).exists():
        rollup.fold_pending(now)
        ticks += 1
    found.at_most(f"{label}: folded within", time.perf_counter() - started, SECONDS, "s")
    found.at_most(f"{label}: ticks", ticks, TICKS)
    found.at_most(f"{label}: missing", abs(count - (_counted() - before)), 0, "events")


def _counted() -> int:
    hours = Bucket.objects.filter(tier=TIERS[0], series__dimension="")
    return hours.aggregate(events=Sum("count"))["events"] or 0


def _runs(now: datetime, first: int) -> Iterator[Event]:
    """An event and a message for each execution."""
    for number in range(first, first + EXECUTIONS):
        started = now - timedelta(hours=1, seconds=number)
        yield _event(f"run {number}", "one", "email", "sent", now, started.isoformat())


def _campaigns(slugs: list[str], now: datetime, runs: Sequence[str | None]) -> Iterator[Event]:
    """An event for each campaign, channel and execution, of the first type there is."""
    for slug, channel, run in product(slugs, all_channels(), runs):
        name = f"{slug} {channel.slug} {run}"
        yield _event(name, slug, channel.slug, channel.events[0].key, now, run)


def _event(
    name: str, campaign: str, channel: str, kind: str, now: datetime, run: str | None
) -> Event:
    whole = {
        "id": name,
        "campaign": campaign,
        "channel": channel,
        "type": kind,
        "occurred_at": now.isoformat(),
        "profile": name,
        "message": name,
        "execution": run,
    }
    return {key: value for key, value in whole.items() if value is not None}
