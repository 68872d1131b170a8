"""The Campaign tab's own widgets recounted from the plain list of events: see ``oracle``."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from liveReport.channels import NONE, Count, Rate
from liveReport.report.frames import Frame, WidgetReport
from tests.support import oracle
from tests.support.ledger import assert_balanced
from tests.support.oracle import Event, Expected, Part, Row

OWN = [
    *("campaign.statistics", "campaign.pace", "campaign.funnel", "campaign.timeline"),
    "campaign.ledger",
]
DONE = ("excluded", "sent", "errors")
STAGES = {
    "targeted": "",
    "excluded": "excluded_rate",
    "sent": "sent_rate",
    "delivered": "delivery_rate",
    "opens": "open_rate",
    "clicks": "click_rate",
}
"""The funnel's numbers, and the rate of each."""


# -- The recount -------------------------------------------------------------------------------


def between(events: Iterable[Event], start: datetime, end: datetime) -> list[Event]:
    return [one for one in events if start <= oracle.moment(one) < end]


def kept(events: Iterable[Event], now: datetime) -> list[Event]:
    """As far back as any bucket is kept: 26 hours, and the hour in which they began."""
    _start, end = oracle.window(now)
    since = (end - timedelta(hours=26)).replace(minute=0)
    return between(events, since, end)


def pace(expected: Expected) -> list[Row]:
    """The rows of a channel, the latest run first."""
    expected = whenever(expected)
    events, runs = kept(expected.known, expected.now), defaultdict(list)
    for event in events:
        runs[event.get("execution") or NONE].append(event)
    found = {run: _pace(expected, run, events) for run, events in runs.items()}
    return [
        found[run]
        for run in sorted(found, key=oracle.began, reverse=True)
        if list(runs) == [NONE] or _is_running(expected, found[run], runs[run])
    ]


def whenever(expected: Expected) -> Expected:
    """The same for events of any time: pace is about now, not about the window."""
    found = copy(expected)
    found.part = replace(expected.part, start=oracle.EARLIEST, end=oracle.LATEST)
    return found


def _pace(expected: Expected, run: str, events: Sequence[Event]) -> Row:
    _start, end = oracle.window(expected.now)
    minute = timedelta(minutes=1)
    lately = between(events, end - 6 * minute, end - minute)
    done, of = amount(expected, DONE, events), amount(expected, ["targeted"], events) or None
    moved = amount(expected, DONE, lately)
    ends = None
    if of is not None and done < of and moved:
        whole_seconds = -(-(of - done) * 300 // moved)
        ends = (end + timedelta(seconds=whole_seconds)).isoformat().replace("+00:00", "Z")
    return {
        "channel": expected.channel.slug,
        "execution": run,
        "events_per_minute": len(lately) / 5,
        "events_last_hour": len(between(events, end - 60 * minute, end)),
        "done": done,
        "of": of,
        "expected_end": ends,
    }


def _is_running(expected: Expected, row: Row, events: Sequence[Event]) -> bool:
    if row["of"] is not None and row["done"] < 0.99 * row["of"]:
        return True
    channel, (_start, end) = expected.channel, oracle.window(expected.now)
    sends = {"targeted", "sent"} & channel.metric_by_key.keys()
    work = [channel.metric_by_key.get(key) for key in ("targeted", *DONE)]
    types = [kind for metric in work if metric for kind in metric.event_types]
    lately = between(events, end - timedelta(hours=1), end)
    return bool(oracle.of_types(types, lately) if sends else lately)


def amount(expected: Expected, keys: Iterable[str], events: Sequence[Event]) -> int:
    metrics = [expected.channel.metric_by_key.get(key) for key in keys]
    return sum(expected.value(metric, events) for metric in metrics if metric)


def funnel(expected: Expected) -> Row:
    """The row of a channel: what its own tab says, and undefined what it lacks."""
    channel = expected.channel
    row: Row = {"channel": channel.slug}
    for key, rate in STAGES.items():
        row[key] = _said(expected, key)
        if rate:
            row[rate] = _said(expected, rate)
    for key in ("excluded", "sent"):
        has_both = {key, "targeted"} <= channel.metric_by_key.keys()
        row[STAGES[key]] = expected.rate(key, ["targeted"], expected.day) if has_both else None
    return row


def _said(expected: Expected, key: str) -> Any:
    metric = expected.channel.metric_by_key.get(key)
    return expected.value(metric, expected.day) if metric else None


def timeline(channels: Sequence[Expected], part: Part, since: datetime | None) -> list[Row]:
    inside = [event for one in channels for event in one.inside]
    kinds = {(one.channel.slug, kind) for one in channels for kind in one.channel.deliveries}
    delivered = [one for one in inside if (one["channel"], one["type"]) in kinds]
    slugs = [one.channel.slug for one in channels]
    return oracle.by_step(
        delivered,
        part,
        since,
        lambda events: {slug: sum(one["channel"] == slug for one in events) for slug in slugs},
    )


# -- What the tab says -------------------------------------------------------------------------


def assert_cockpit(
    shown: Sequence[WidgetReport],
    channels: Sequence[Expected],
    part: Part,
    since: datetime | None,
    *,
    executions_apart: bool,
) -> None:
    """Pace, funnel and timeline say what the recount says."""
    frames = {one.slug.partition(".")[2]: one.frame for one in shown}
    rows = [row for one in channels for row in pace(one)]
    if executions_apart and not any(map(may_be_pruned, channels)):
        assert_pace(frames["pace"], rows)
    steps = timeline(channels, part, since)
    whole = {one.channel.slug: sum(row[one.channel.slug] for row in steps) for one in channels}
    oracle.assert_frame("timeline", frames["timeline"], steps, whole)
    found = [funnel(one) for one in channels]
    totals = {key: total(key, channels, found) for rate in STAGES.items() for key in rate if key}
    oracle.assert_frame("funnel", frames["funnel"], found, totals)
    ledger = frames["ledger"]
    assert ledger is not None
    for row in ledger.rows:
        assert_balanced(dict(row))


def may_be_pruned(expected: Expected) -> bool:
    """Whether an event is so old that only whoever pruned last knows if pace counts it."""
    _start, end = oracle.window(expected.now)
    return any(oracle.moment(one) < end - timedelta(hours=25) for one in expected.known)


def assert_pace(frame: Frame | None, rows: Sequence[Row]) -> None:
    sums = {
        key: round(sum(row[key] for row in rows), 1)
        for key in ("events_per_minute", "events_last_hour")
    }
    undefined = dict.fromkeys(("done", "of", "expected_end"))
    oracle.assert_frame("pace", frame, rows, sums | undefined)


def total(key: str, channels: Sequence[Expected], rows: Sequence[Row]) -> int | None:
    metrics = [one.channel.metric_by_key.get(key) for one in channels]
    having = [metric for metric in metrics if metric and not isinstance(metric, Rate)]
    if not having or not all(isinstance(metric, Count) for metric in having):
        return None
    return sum(row[key] or 0 for row in rows)
