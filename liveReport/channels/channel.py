"""The base class of every channel plugin."""

from collections.abc import Sequence
from functools import cached_property

from .declarations import ALL, VERDICT, Dimension, EventType, Gauge, Metric, Widget, gauges_of
from .rules import Rule
from .texts import Text
from .webhooks import Webhook


class Channel:
    """One channel: subclass, fill in the attributes, decorate with ``@register``.

    Required: ``slug`` (permanent: it is stored with every event), ``label``,
    ``events``, ``metrics`` and ``widgets``. The roles below name event types; through
    ``audience``, ``deliveries`` and ``errors`` the channel takes part in the Campaign
    tab, and with ``sends`` it has a ledger there. Nothing else needs overriding: the
    cached properties below are derived, for the core to read.
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
    webhooks: Sequence[Webhook] = ()
    """The providers whose requests it understands; other packages may add theirs."""
    rules: Sequence[Rule] = ()
    """Up to where its rates are as they should be; a campaign can have limits of its own."""

    audience: Sequence[str] = ()
    deliveries: Sequence[str] = ()
    errors: Sequence[str] = ()

    exclusions: Sequence[str] = ()
    """Held back before anything was sent."""
    sends: Sequence[str] = ()
    """A message has left."""
    deferrals: Sequence[str] = ()
    """It will be tried again; not the end of it."""
    arrivals: Sequence[str] = ()
    """It has come to where it was sent: the end of it."""
    bounces: Sequence[str] = ()
    """It came back, or never will arrive: the other end of it."""

    @cached_property
    def dimension_by_key(self) -> dict[str, Dimension]:
        return {dimension.key: dimension for dimension in self.dimensions}

    @cached_property
    def derived(self) -> Dimension | None:
        """The dimension that is derived from another one, if there is any."""
        return next((one for one in self.dimensions if one.derived_from), None)

    @property
    def evidence(self) -> str:
        """The dimension that it is derived from; "" if there is none."""
        return self.derived.derived_from if self.derived else ""

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
    def rule_by_metric(self) -> dict[str, Rule]:
        return {rule.metric: rule for rule in self.rules}

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
            if metric.is_distinct and self.takes_verdict(metric):
                pairs.update((event, VERDICT) for event in metric.event_types)
        for widget in self.widgets:
            for metric in self.base_metrics(widget):
                if metric.is_distinct:
                    pairs.update((event, widget.dimension) for event in metric.event_types)
        return frozenset(pairs)

    def columns(self, widget: Widget) -> list[Metric]:
        """The metrics of a widget's frame: its own, then the rates shown with them."""
        own = [self.metric_by_key[key] for key in widget.metrics]
        rates = dict.fromkeys(self.rates(widget).values())
        return own + [self.metric_by_key[key] for key in rates if key not in widget.metrics]

    def rates(self, widget: Widget) -> dict[str, str]:
        """The rate shown with each of a widget's metrics that has one there, by key."""
        if not widget.has_rates:
            return {}
        found = {key: self._rate(key, widget) for key in widget.metrics}
        return {key: rate.key for key, rate in found.items() if rate}

    def base_metrics(self, widget: Widget) -> list[Metric]:
        """The stored metrics that a widget needs."""
        keys = dict.fromkeys(key for metric in self.columns(widget) for key in metric.terms)
        return [self.metric_by_key[key] for key in keys]

    def takes_verdict(self, metric: Metric) -> bool:
        """Whether a stored metric can be told for one verdict alone."""
        carried = [self.event_by_key[key].dimensions for key in metric.event_types]
        is_whole = metric.is_stored and metric.has_history and metric.only == ALL
        return bool(carried) and is_whole and all(VERDICT in one for one in carried)

    def has_verdicts(self, widget: Widget) -> bool:
        """Whether a widget can be shown for one verdict: it tells nothing else apart by value."""
        return not widget.dimension and any(map(self.takes_verdict, self.base_metrics(widget)))

    def events_behind(self, metric: Metric) -> Metric | None:
        """The metric that counts the events of which another counts the profiles, if any does."""
        if not metric.is_distinct:
            return None
        same = (m for m in self.metrics if m.additive and m.has_history and m.only == ALL)
        return next((m for m in same if set(m.event_types) == set(metric.event_types)), None)

    def _rate(self, key: str, widget: Widget) -> Metric | None:
        """The rate that a metric asks for; failing that by some dimension, another one of it."""
        metric = self.metric_by_key[key]
        asked = self.metric_by_key.get(metric.rate)
        if asked is None or self._is_told(asked, widget):
            return asked
        of_it = (rate for rate in self.metrics if not rate.is_stored and rate.terms[0] == key)
        return next((rate for rate in of_it if self._is_told(rate, widget)), None)

    def _is_told(self, rate: Metric, widget: Widget) -> bool:
        """Whether a widget's rows tell the terms of a rate apart, without more being kept."""
        if not widget.dimension:
            return True
        terms = (self.metric_by_key[key] for key in rate.terms)
        return all(self._is_told_by(widget, term) for term in terms)

    def _is_told_by(self, widget: Widget, term: Metric) -> bool:
        if term.key in widget.metrics:
            return True
        carried = (self.event_by_key[key].dimensions for key in term.event_types)
        is_counted = term.has_history and not term.is_distinct and term.only == ALL
        return is_counted and all(widget.dimension in dimensions for dimensions in carried)
