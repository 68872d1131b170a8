"""The base class of every channel plugin."""

from collections.abc import Sequence
from functools import cached_property

from .declarations import Dimension, EventType, Gauge, Metric, Text, Widget, gauges_of


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
        return gauges_of(self.metrics)

    @cached_property
    def sketched(self) -> frozenset[tuple[str, str]]:
        """(event type, dimension) pairs whose distinct profiles must be kept.

        The dimension is ``""`` for the events as a whole. Derived from what the
        roles, metrics and widgets ask for, so nothing is kept that no frame shows.
        """
        pairs = {(event, "") for event in (*self.audience, *self.deliveries)}
        for metric in self.metrics:
            if metric.is_distinct:
                pairs.update((event, "") for event in metric.event_types)
        for widget in self.widgets:
            for metric in self.base_metrics(widget):
                if metric.is_distinct:
                    pairs.update((event, widget.dimension) for event in metric.event_types)
        return frozenset(pairs)

    def columns(self, widget: Widget) -> list[Metric]:
        """The metrics of a widget's frame: its own, then the rates shown beside them."""
        own = [self.metric_by_key[key] for key in widget.metrics]
        if not widget.has_rates:
            return own
        rates = (self.metric_by_key[metric.rate] for metric in own if metric.rate)
        return own + [rate for rate in rates if rate not in own]

    def base_metrics(self, widget: Widget) -> list[Metric]:
        """The stored metrics that a widget needs."""
        keys = dict.fromkeys(key for metric in self.columns(widget) for key in metric.terms)
        return [self.metric_by_key[key] for key in keys]
