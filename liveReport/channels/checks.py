"""System checks of what the channels declare: ``manage.py check`` names every mistake."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from .channel import Channel
from .declarations import EXECUTION, Count, Gauge, Metric, Profiles, Rate, Series, Widget
from .registry import all_channels

EVENT_FIELDS = frozenset(
    {"id", "campaign", "channel", "type", "occurred_at", "profile", "message", "execution"}
)
CAMPAIGN_TAB = "campaign"


@register
def check_channels(**kwargs: Any) -> list[CheckMessage]:
    """Every mistake in every installed channel."""
    return [error for channel in all_channels() for error in check_channel(channel)]


def check_channel(channel: Channel) -> list[CheckMessage]:
    """Every mistake of one channel, each naming module, class and key."""
    where = f"{type(channel).__module__}.{type(channel).__qualname__}"
    checks = (_identity, _keys, _events, _metrics, _widgets, _roles)
    return [
        Error(f"{where}: {message}", id=f"livereport.E{number:03}")
        for number, check in enumerate(checks, start=1)
        for message in check(channel)
    ]


def _identity(channel: Channel) -> Iterator[str]:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,49}", channel.slug):
        yield f"slug {channel.slug!r} is not lower-case letters, digits and _ (at most 50)."
    if channel.slug == CAMPAIGN_TAB:
        yield f"slug {CAMPAIGN_TAB!r} belongs to the Campaign tab."
    if not channel.label:
        yield "label is empty."


def _keys(channel: Channel) -> Iterator[str]:
    for kind in ("dimensions", "events", "metrics", "widgets"):
        keys = [item.key for item in getattr(channel, kind)]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            yield f"{kind} has {key!r} more than once."
    for dimension in channel.dimensions:
        if dimension.key in EVENT_FIELDS:
            yield f"dimension {dimension.key!r} is a field that every event has."


def _events(channel: Channel) -> Iterator[str]:
    for event in channel.events:
        for key in _unknown(event.dimensions, channel.dimension_by_key):
            yield f"event type {event.key!r} names an undeclared dimension {key!r}."


def _metrics(channel: Channel) -> Iterator[str]:
    for metric in channel.metrics:
        if not metric.definition:
            yield f"metric {metric.key!r} has no definition."
        if metric.rate and not isinstance(channel.metric_by_key.get(metric.rate), Rate):
            yield f"metric {metric.key!r} shows {metric.rate!r}, which is no rate."
        yield from _terms(channel, metric)


def _terms(channel: Channel, metric: Metric) -> Iterator[str]:
    if isinstance(metric, Rate):
        for key in (metric.numerator, metric.denominator):
            if isinstance(channel.metric_by_key.get(key), Rate | None):
                yield f"rate {metric.key!r} divides {key!r}, which is no stored metric."
        return
    events = metric.events if isinstance(metric, Count | Profiles) else ()
    if isinstance(metric, Gauge):
        events = metric.latest_of
        if metric.state not in metric.latest_of:
            yield f"gauge {metric.key!r}: state {metric.state!r} is not in latest_of."
    for key in _unknown(events, channel.event_by_key):
        yield f"metric {metric.key!r} names an unknown event type {key!r}."


def _widgets(channel: Channel) -> Iterator[str]:
    for widget in channel.widgets:
        name = f"widget {widget.key!r}"
        if not (widget.title and widget.help):
            yield f"{name} has no title or no help."
        width, height = widget.size
        if not (1 <= width <= 12 and 1 <= height <= 40):
            yield f"{name}: size {widget.size} is not within 12 columns and 40 rows."
        unknown = _unknown(widget.metrics, channel.metric_by_key)
        for key in unknown:
            yield f"{name} names an unknown metric {key!r}."
        if not widget.metrics:
            yield f"{name} has no metrics."
        if widget.by not in ("", EXECUTION, *channel.dimension_by_key):
            yield f"{name} is by an undeclared dimension {widget.by!r}."
        elif not unknown:
            yield from _shape(channel, widget)


def _shape(channel: Channel, widget: Widget) -> Iterator[str]:
    """What a widget's frame cannot hold."""
    dimension = "" if widget.by == EXECUTION else widget.by
    if widget.by and isinstance(widget, Series):
        yield f"widget {widget.key!r}: a series is over time, not by {widget.by!r}."
    for metric in (channel.metric_by_key[key] for key in widget.metrics):
        if isinstance(metric, Gauge) and (dimension or isinstance(widget, Series)):
            yield f"widget {widget.key!r}: gauge {metric.key!r} has no history and no dimensions."
        for event in _event_types(channel, metric) if dimension else ():
            if dimension not in event.dimensions:
                yield f"widget {widget.key!r}: {event.key!r} does not carry {dimension!r}."


def _event_types(channel: Channel, metric: Metric) -> list[Any]:
    if isinstance(metric, Count | Profiles):
        return [channel.event_by_key[k] for k in metric.events if k in channel.event_by_key]
    return []


def _roles(channel: Channel) -> Iterator[str]:
    for role in ("audience", "deliveries", "errors"):
        for key in _unknown(getattr(channel, role), channel.event_by_key):
            yield f"{role} names an unknown event type {key!r}."


def _unknown(keys: Sequence[str], known: Iterable[str]) -> list[str]:
    return [key for key in keys if key not in known]
