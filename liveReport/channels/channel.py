"""The base class of every channel plugin."""

from collections.abc import Sequence
from functools import cached_property

from .declarations import (
    EXECUTION,
    Dimension,
    EventType,
    Gauge,
    Kpi,
    Metric,
    Profiles,
    Rate,
    Text,
    Widget,
)


class Channel:
    """One channel: subclass, fill in the attributes, decorate with ``@register``.

    Required: ``slug`` (permanent: it is stored with every event), ``label``,
    ``events``, ``metrics`` and ``widgets``. The three roles ``audience``,
    ``deliveries`` and ``errors`` name event types; through them the channel
    takes part in the Campaign tab. Nothing else needs overriding: the cached
    properties below are derived, for the core to read.
    """

    slug: str
    label: Text
    description: Text = ""
    position: int = 100
    """Default place among the tabs; administrators can change it."""

    dimensions: Sequence[Dimension] = ()
    events: Sequence[EventType] = ()
    metrics: Sequence[Metric] = ()
    widgets: Sequence[Widget] = ()

    audience: Sequence[str] = ()
    deliveries: Sequence[str] = ()
    errors: Sequence[str] = ()

    @cached_property
    def dimension_by_key(self) -> dict[str, Dimension]:
        return {dimension.key: dimension for dimension in self.dimensions}

    @cached_property
    def event_by_key(self) -> dict[str, EventType]:
        return {event.key: event for event in self.events}

    @cached_property
    def metric_by_key(self) -> dict[str, Metric]:
        return {metric.key: metric for metric in self.metrics}

    @cached_property
    def widget_by_key(self) -> dict[str, Widget]:
        return {widget.key: widget for widget in self.widgets}

    @cached_property
    def gauges(self) -> tuple[Gauge, ...]:
        return tuple(metric for metric in self.metrics if isinstance(metric, Gauge))

    @cached_property
    def sketched(self) -> frozenset[tuple[str, str]]:
        """(event type, dimension) pairs whose distinct profiles must be kept.

        The dimension is ``""`` for the events as a whole. Derived from what the
        roles, metrics and widgets ask for, so nothing is kept that no frame shows.
        """
        pairs = {(event, "") for event in (*self.audience, *self.deliveries)}
        for metric in self.metrics:
            if isinstance(metric, Profiles):
                pairs.update((event, "") for event in metric.events)
        for widget in self.widgets:
            by = "" if widget.by == EXECUTION else widget.by
            for metric in self.base_metrics(widget):
                if isinstance(metric, Profiles):
                    pairs.update((event, by) for event in metric.events)
        return frozenset(pairs)

    def columns(self, widget: Widget) -> list[Metric]:
        """The metrics of a widget's frame: its own, then the rates of its tiles."""
        own = [self.metric_by_key[key] for key in widget.metrics]
        if not (isinstance(widget, Kpi) or (widget.kind == "parts" and not widget.by)):
            return own
        rates = (self.metric_by_key[metric.rate] for metric in own if metric.rate)
        return own + [rate for rate in rates if rate not in own]

    def base_metrics(self, widget: Widget) -> list[Metric]:
        """The stored metrics a widget needs: rates replaced by their two terms."""
        needed: dict[str, Metric] = {}
        for metric in self.columns(widget):
            keys = (
                (metric.numerator, metric.denominator)
                if isinstance(metric, Rate)
                else (metric.key,)
            )
            needed.update((key, self.metric_by_key[key]) for key in keys)
        return list(needed.values())
