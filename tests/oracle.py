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


def frame(
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
    keys = {key_of(channel, widget, event) for event in events} - {None}
    rows = {
        key: values([event for event in events if key_of(channel, widget, event) == key])
        for key in keys
    }
    shown = [{widget.by: key, **row} for key, row in rows.items() if any(row.values())]
    assert OTHER not in keys
    return shown, values(events)


def key_of(channel: Channel, widget: Widget, event: Event) -> str | None:
    """The row an event belongs to; ``None`` when its type does not have the dimension."""
    if widget.by == EXECUTION or widget.by in channel.event_by_key[event["type"]].dimensions:
        return event.get(widget.by) or NONE
    return None
