"""A naive recount: what every frame must say, from the plain list of events."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from liveReport.channels import (
    EXECUTION,
    NONE,
    OTHER,
    Channel,
    Count,
    Gauge,
    Metric,
    Profiles,
    Rate,
    Series,
    Widget,
)
from liveReport.report.frames import Frame

Event = dict[str, Any]


def moment(event: Event) -> datetime:
    return datetime.fromisoformat(event["occurred_at"])


def first_of_each_id(events: Iterable[Event]) -> list[Event]:
    seen: dict[str, Event] = {}
    for event in events:
        seen.setdefault(event["id"], event)
    return list(seen.values())


def in_window(events: Iterable[Event], now: datetime) -> list[Event]:
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return [event for event in events if end - timedelta(hours=24) <= moment(event) < end]


def value(channel: Channel, metric: Metric, events: Sequence[Event], known: Sequence[Event]) -> Any:
    """A metric over some events of the window; ``known`` are all events up to now."""
    if isinstance(metric, Rate):
        terms = [channel.metric_by_key[key] for key in (metric.numerator, metric.denominator)]
        part, whole = (value(channel, term, events, known) for term in terms)
        return round(part / whole, 6) if part <= whole and whole else None
    if isinstance(metric, Gauge):
        return waiting(metric, events, known)
    mine = [event for event in events if event["type"] in metric.events]  # type: ignore[attr-defined]
    if isinstance(metric, Profiles):
        return len({event["profile"] for event in mine})
    assert isinstance(metric, Count)
    return len(mine)


def waiting(gauge: Gauge, events: Sequence[Event], known: Sequence[Event]) -> int:
    order = list(gauge.latest_of)
    latest: dict[str, Event] = {}
    for event in sorted(known, key=lambda e: (moment(e), order.index(e["type"]) if e["type"] in order else -1, e.get("execution") or "")):  # fmt: skip  # noqa: E501
        if event["type"] in order and event.get("message"):
            latest[event["message"]] = event
    return sum(event in events and event["type"] == gauge.state for event in latest.values())


def recount(
    channel: Channel, widget: Widget, events: Sequence[Event], known: Sequence[Event]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows and totals of a widget over the events of the window."""
    metrics = channel.columns(widget)

    def values(some: Sequence[Event]) -> dict[str, Any]:
        return {metric.key: value(channel, metric, some, known) for metric in metrics}

    if isinstance(widget, Series):
        return [], values(events)
    if not widget.by:
        return [values(events)], values(events)
    keys = {key for event in events if (key := key_of(channel, widget, event))}
    assert OTHER not in keys
    keyed = {key: [e for e in events if key_of(channel, widget, e) == key] for key in keys}
    base = channel.base_metrics(widget)
    shown = {
        key: mine
        for key, mine in keyed.items()
        if any(value(channel, m, mine, known) for m in base)
    }
    shown = folded(channel, widget, shown, known)
    return [{widget.by: key, **values(mine)} for key, mine in shown.items()], values(events)


def folded(
    channel: Channel, widget: Widget, keyed: dict[str, list[Event]], known: Sequence[Event]
) -> dict[str, list[Event]]:
    """The events of each row: of those beyond the limit, the smallest share one."""
    base = channel.base_metrics(widget)
    measures = base if widget.by == EXECUTION else base[:1]

    def size(key: str) -> int:
        return sum(value(channel, metric, keyed[key], known) for metric in measures)

    ranked = sorted(sorted(keyed, reverse=widget.by == EXECUTION), key=size, reverse=True)
    kept, rest = ranked[: widget.limit], ranked[widget.limit :]
    others = {OTHER: [event for key in rest for event in keyed[key]]} if rest else {}
    return {key: keyed[key] for key in kept} | others


def key_of(channel: Channel, widget: Widget, event: Event) -> str | None:
    """The row an event belongs to; ``None`` when its type does not have the dimension."""
    if widget.by == EXECUTION or widget.by in channel.event_by_key[event["type"]].dimensions:
        return event.get(widget.by) or NONE
    return None


def assert_frame(
    widget: Widget, channel: Channel, frame: Frame, events: Sequence[Event], known: Sequence[Event]
) -> None:
    """A widget's frame says what the recount over the events of the window says."""
    rows, totals = recount(channel, widget, events, known)
    if isinstance(widget, Series):
        rows = [step_row(channel, widget, row["time"], events, known) for row in frame.rows]
        for metric in channel.columns(widget):
            if isinstance(metric, Count):
                assert sum(row[metric.key] for row in rows) == totals[metric.key], widget.key
    assert frame.totals == totals, f"{widget.key}: {frame.totals}, not {totals}"
    found, expected = (sorted(some, key=str) for some in (frame.rows, rows))
    assert found == expected, f"{widget.key}: {found}, not {expected}"


def step_row(
    channel: Channel, widget: Widget, time: Any, events: Sequence[Event], known: Sequence[Event]
) -> dict[str, Any]:
    """What a series says of the quarter of an hour that begins at ``time``."""
    start = datetime.fromisoformat(time)
    mine = [event for event in events if start <= moment(event) < start + timedelta(minutes=15)]
    return {
        "time": time,
        **{m.key: value(channel, m, mine, known) for m in channel.columns(widget)},
    }
