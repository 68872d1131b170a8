"""System checks of what the channels declare: ``manage.py check`` names every mistake."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.utils.functional import Promise

from .causes import Actor, Cause
from .channel import Channel
from .declarations import (
    ALL,
    EXECUTION,
    METRICS,
    NONE,
    OTHER,
    TONES,
    VERDICT,
    VERDICTS,
    WIDGETS,
    Axis,
    Dimension,
    EventType,
    Metric,
    Widget,
)
from .fields import CONTROL, FIELDS, LONGEST
from .registry import all_channels
from .rules import Rule, mistake

CAMPAIGN_TAB = "campaign"
TIME = "time"
"""The column of a series beside its metrics."""

_KEY = re.compile(r"[a-z][a-z0-9_]{0,49}")
_KEY_RULE = "is not lower-case letters, digits and _ (at most 50)"
_KINDS: Mapping[str, tuple[type, ...]] = {
    "dimensions": (Dimension,),
    "events": (EventType,),
    "metrics": METRICS,
    "widgets": WIDGETS,
}
MOST_CHOICES = 900
"""Of a dimension whose values a metric counts: fewer than are counted apart, with room for what
was sent before they were closed."""

RULES = "rules"

ROLES = ("audience", "deliveries", "errors")
ENDS = ("deferrals", "arrivals", "bounces")
"""What may become of what was sent."""
LEDGER = ("exclusions", "sends", *ENDS)
"""Roles of which an event type has one at most."""


@register
def check_channels(**kwargs: Any) -> list[CheckMessage]:
    """Every mistake in every installed channel."""
    return [error for channel in all_channels() for error in check_channel(channel)]


def check_channel(channel: Channel) -> list[CheckMessage]:
    """Every mistake of one channel, each naming module, class and key.

    The further checks take the shape for granted, so a mistake in it comes alone.
    """
    shape = list(_errors(channel, 7, _shape(channel)))
    if shape:
        return shape
    checks = {
        **dict(enumerate((_identity, _keys, _events, _metrics, _widgets, _roles), 1)),
        8: _rules,
    }
    return [
        error
        for number, check in checks.items()
        for error in _errors(channel, number, check(channel))
    ]


def _errors(channel: Channel, number: int, messages: Iterable[str]) -> Iterator[CheckMessage]:
    where = f"{type(channel).__module__}.{type(channel).__qualname__}"
    for message in messages:
        yield Error(f"{where}: {message}", id=f"livereport.E{number:03}")


# -- Shape: what is of a wrong type ---------------------------------------------------------


def _shape(channel: Channel) -> Iterator[str]:
    for name in ("slug", "label"):
        if not _is_text(getattr(channel, name, None)):
            yield f"{name} is missing or no text."
    if not _is_number(channel.position) or channel.position < 0:
        yield f"position {channel.position!r} is no whole number from 0 on."
    for name in (*_KINDS, *ROLES, *LEDGER, RULES):
        if not _is_list(getattr(channel, name)):
            yield f"{name} is no list."
            continue
        for item in getattr(channel, name):
            yield from _item(name, item)


def _item(name: str, item: Any) -> Iterator[str]:
    kinds = (Rule,) if name == RULES else _KINDS.get(name, (str,))
    if not isinstance(item, kinds):
        expected = " or ".join(kind.__name__ for kind in kinds)
        yield f"{name} has {item!r}, which is no {expected}."
    elif not isinstance(item, str | Rule):
        yield from _attributes(name, item)


def _attributes(name: str, item: Any) -> Iterator[str]:
    what = f"{name} {item.key!r}"
    if not isinstance(item.key, str):
        yield f"{what}: the key is no text."
    for attribute in fields(item):
        is_sound, rule = _SHAPES.get(attribute.type, (None, ""))
        value = getattr(item, attribute.name)
        if is_sound and not is_sound(value):
            yield f"{what}: {attribute.name} {rule.format(value)}."


def _is_text(value: object) -> bool:
    return isinstance(value, str | Promise)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _are_keys(value: Any) -> bool:
    return _is_list(value) and all(isinstance(key, str) for key in value)


def _are_values(value: Any) -> bool:
    return isinstance(value, Mapping) and _are_keys([*value.keys(), *value.values()])


def _is_divisor(value: Any) -> bool:
    return isinstance(value, str) or (_are_keys(value) and bool(value))


def _is_size(value: Any) -> bool:
    return _is_list(value) and len(value) == 2 and all(map(_is_number, value))


def _is_limit(value: Any) -> bool:
    return _is_number(value) and value >= 1


_SHAPES: Mapping[object, tuple[Callable[[Any], bool], str]] = {
    Sequence[str]: (_are_keys, "is no list of keys"),
    str | Sequence[str]: (_is_divisor, "{!r} is neither a key nor a list of keys"),
    Mapping[str, str]: (_are_values, "{!r} is no mapping of dimensions to values"),
    tuple[int, int]: (_is_size, "{!r} is not (columns, rows)"),
    int: (_is_limit, "{!r} is no whole number from 1 on"),
}
"""By the type of a declaration's attribute: whether a value has its shape, and what to say."""


# -- Meaning ---------------------------------------------------------------------------------


def _identity(channel: Channel) -> Iterator[str]:
    if not _KEY.fullmatch(channel.slug):
        yield f"slug {channel.slug!r} {_KEY_RULE}."
    if channel.slug == CAMPAIGN_TAB:
        yield f"slug {CAMPAIGN_TAB!r} belongs to the Campaign tab."
    if not channel.label:
        yield "label is empty."
    if not channel.events:
        yield "events is empty: nothing can ever be counted."


def _keys(channel: Channel) -> Iterator[str]:
    for kind in _KINDS:
        keys = [item.key for item in getattr(channel, kind)]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            yield f"{kind} has {key!r} more than once."
        for key in keys:
            if not _KEY.fullmatch(key):
                yield f"{kind} has {key!r}, which {_KEY_RULE}."
    yield from _dimensions(channel)
    yield from _names(channel)


def _names(channel: Channel) -> Iterator[str]:
    for kind in ("dimensions", "events", "metrics"):
        for item in getattr(channel, kind):
            if not item.label:
                yield f"{kind} {item.key!r} has no label."
    for metric in channel.metrics:
        if metric.key in (TIME, EXECUTION, *channel.dimension_by_key):
            yield f"metric {metric.key!r} has the name of another column."


def _dimensions(channel: Channel) -> Iterator[str]:
    for dimension in channel.dimensions:
        if dimension.key in FIELDS:
            yield f"dimension {dimension.key!r} is a field that every event has."
        yield from _causes(dimension)
        for value in dimension.choices:
            if not _can_be_sent(dimension, value):
                yield f"dimension {dimension.key!r}: no event can carry the choice {value!r}."
        if dimension.key == VERDICT and set(dimension.choices) != set(VERDICTS):
            yield f"dimension {VERDICT!r} has other choices than {', '.join(VERDICTS)}."
    yield from _derived(channel)


def _derived(channel: Channel) -> Iterator[str]:
    """Why what events do not say cannot be derived from what they say."""
    derived = [dimension for dimension in channel.dimensions if dimension.derived_from]
    if len(derived) > 1:
        yield "dimensions has more than one that is derived."
    for dimension in derived:
        name = f"dimension {dimension.key!r}"
        evidence = channel.dimension_by_key.get(dimension.derived_from)
        if evidence is None or evidence is dimension:
            yield f"{name} is derived from {dimension.derived_from!r}, no other dimension."
            continue
        if set(dimension.rules) != set(evidence.choices) or not evidence.choices:
            yield f"{name}: rules needs a value for each choice of {evidence.key!r}, no more."
        for value in _unknown([*dimension.rules.values()], dimension.choices):
            yield f"{name}: rules has {value!r}, which is no choice of it."
        yield from _evidence(channel, evidence.key)


def _evidence(channel: Channel, key: str) -> Iterator[str]:
    """What asks for numbers by a dimension that is only evidence."""
    for widget in channel.widgets:
        if widget.by == key:
            yield f"widget {widget.key!r} is by {key!r}, which is not counted apart."
    for metric in channel.metrics:
        if metric.only[0] == key:
            yield f"metric {metric.key!r}: where asks for {key!r}, which is not counted apart."


def _causes(dimension: Dimension) -> Iterator[str]:
    for value, cause in dimension.causes.items():
        if not isinstance(cause, Cause):
            yield f"dimension {dimension.key!r}: {cause!r} of {value!r} is no Cause."
        elif not (isinstance(cause.actor, Actor) and cause.next_step):
            yield f"dimension {dimension.key!r}: the cause of {value!r} has no actor or next step."


def _can_be_sent(dimension: Dimension, value: object) -> bool:
    """Whether ingest would take this as a dimension's value."""
    if not isinstance(value, str) or value in (NONE, OTHER) or dimension.value_of(value) != value:
        return False
    return 0 < len(value) <= LONGEST and not CONTROL.search(value)


def _events(channel: Channel) -> Iterator[str]:
    for event in channel.events:
        for key in _unknown(event.dimensions, channel.dimension_by_key):
            yield f"event type {event.key!r} names an undeclared dimension {key!r}."


def _metrics(channel: Channel) -> Iterator[str]:
    for metric in channel.metrics:
        name = f"metric {metric.key!r}"
        if not metric.definition:
            yield f"{name} has no definition."
        shown = channel.metric_by_key.get(metric.rate)
        if metric.rate and (shown is None or shown.is_stored):
            yield f"{name} shows {metric.rate!r}, which is no rate."
        if metric.tone not in ("", *TONES):
            yield f"{name}: tone {metric.tone!r} is none of {', '.join(TONES)}."
        yield from _stored(channel, metric) if metric.is_stored else _terms(channel, metric)


def _terms(channel: Channel, metric: Metric) -> Iterator[str]:
    for key in metric.terms:
        term = channel.metric_by_key.get(key)
        if term is None or not term.is_stored:
            yield f"rate {metric.key!r} divides {key!r}, which is no stored metric."
        elif metric.is_bad and not _is_whole_count(term):
            yield f"bad rate {metric.key!r} divides {key!r}, no count of whole event types."
        elif key in metric.terms[1:] and len(metric.terms) > 2 and not term.additive:
            yield f"rate {metric.key!r} adds up {key!r}, which is no sum."


def _is_whole_count(metric: Metric) -> bool:
    """Whether the overview, which reads many campaigns at once, has its number."""
    return metric.additive and metric.has_history and metric.only == ALL


def _stored(channel: Channel, metric: Metric) -> Iterator[str]:
    name = f"metric {metric.key!r}"
    if not metric.event_types:
        yield f"{name} is of no event type."
    unknown = _unknown(metric.event_types, channel.event_by_key)
    for key in unknown:
        yield f"{name} names an unknown event type {key!r}."
    yield from (f"{name}: {contradiction}" for contradiction in metric.contradictions)
    if not unknown:
        yield from (f"{name}: {mistake}" for mistake in _where(channel, metric))


def _where(channel: Channel, metric: Metric) -> Iterator[str]:
    """Why the events that carry one value cannot be counted apart."""
    key, value = metric.only
    dimension = channel.dimension_by_key.get(key)
    if dimension is not None:
        yield from _choice(dimension, value)
        for event in metric.event_types:
            if key not in channel.event_by_key[event].dimensions:
                yield f"where asks for {key!r}, which {event!r} does not carry."
    elif key:
        yield f"where names an undeclared dimension {key!r}."


def _choice(dimension: Dimension, value: str) -> Iterator[str]:
    """Why the events of one value cannot be told, or might not all be."""
    if not dimension.choices:
        yield f"where needs choices: of {dimension.key!r} rare values are not kept apart."
    elif value not in dimension.choices:
        yield f"where asks for {value!r}, which is no choice of {dimension.key!r}."
    if len(dimension.choices) > MOST_CHOICES:
        yield f"where takes at most {MOST_CHOICES} choices, and {dimension.key!r} has more."


def _rules(channel: Channel) -> Iterator[str]:
    judged = [rule.metric for rule in channel.rules]
    for key in sorted({key for key in judged if judged.count(key) > 1}):
        yield f"rules has {key!r} more than once."
    for rule in channel.rules:
        name = f"rule of {rule.metric!r}"
        if wrong := mistake(rule, rule.warn, rule.critical, rule.min_sample):
            yield f"{name}: {wrong[0]} – {wrong[1]}"
        if rule.duration < 0:
            yield f"{name}: duration {rule.duration} is no number of minutes from 0 on."
        if not isinstance(rule.cause, Cause):
            yield f"{name}: {rule.cause!r} is no Cause."
        yield from (f"{name}: {mistake}" for mistake in _judged(channel, rule))


def _judged(channel: Channel, rule: Rule) -> Iterator[str]:
    """Why a metric cannot be judged from the counts of a run."""
    metric = channel.metric_by_key.get(rule.metric)
    if metric is None or metric.is_stored:
        yield "it names no rate."
        return
    for key in metric.terms:
        term = channel.metric_by_key.get(key)
        if term is not None and not (term.additive and term.has_history):
            yield f"it divides {key!r}, which is no count of events."


def _widgets(channel: Channel) -> Iterator[str]:
    for widget in channel.widgets:
        name = f"widget {widget.key!r}"
        yield from _looks(name, widget)
        unknown = _unknown(widget.metrics, channel.metric_by_key)
        for key in unknown:
            yield f"{name} names an unknown metric {key!r}."
        if widget.by not in ("", EXECUTION, *channel.dimension_by_key):
            yield f"{name} is by an undeclared dimension {widget.by!r}."
        elif not unknown:
            yield from _frame(channel, widget)


def _looks(name: str, widget: Widget) -> Iterator[str]:
    if not (widget.title and widget.help):
        yield f"{name} has no title or no help."
    width, height = widget.size
    if not (2 <= width <= 12 and 2 <= height <= 24):
        yield f"{name}: size {widget.size} is not within 2 to 12 columns and 2 to 24 rows."
    if not widget.metrics:
        yield f"{name} has no metrics."
    if len(set(widget.metrics)) < len(widget.metrics):
        yield f"{name} names a metric twice."


def _frame(channel: Channel, widget: Widget) -> Iterator[str]:
    """What a widget's frame cannot hold."""
    name = f"widget {widget.key!r}"
    if widget.by and widget.axis != Axis.ROWS:
        yield f"{name}: a {widget.kind} has no rows by {widget.by!r}."
    for key in _unknown(widget.whole, widget.metrics):
        yield f"{name}: whole names {key!r}, which is none of its metrics."
    for key in widget.whole:
        if key in widget.metrics and not channel.metric_by_key[key].additive:
            yield f"{name}: whole names {key!r}, which cannot be summed."
    for metric in _needed(channel, widget):
        if not metric.has_history and (widget.dimension or widget.axis == Axis.STEPS):
            yield f"{name}: gauge {metric.key!r} has no history and no dimensions."
        elif widget.dimension:
            yield from (f"{name}: {mistake}" for mistake in _by(channel, metric, widget.dimension))


def _by(channel: Channel, metric: Metric, dimension: str) -> Iterator[str]:
    """Why a metric has no rows by a dimension."""
    if metric.only != ALL:
        yield f"{metric.key!r} is of one {metric.only[0]!r} and has no rows by {dimension!r}."
    for key in metric.event_types:
        event = channel.event_by_key.get(key)
        if event and dimension not in event.dimensions:
            yield f"{event.key!r} does not carry {dimension!r}."


def _needed(channel: Channel, widget: Widget) -> list[Metric]:
    """The metrics that a widget needs counted, as far as they are declared."""
    named = [channel.metric_by_key[key] for key in widget.metrics]
    keys = dict.fromkeys(key for metric in named for key in metric.terms)
    found = [channel.metric_by_key[key] for key in keys if key in channel.metric_by_key]
    return [metric for metric in found if metric.is_stored]


def _roles(channel: Channel) -> Iterator[str]:
    for role in (*ROLES, *LEDGER):
        for key in _unknown(getattr(channel, role), channel.event_by_key):
            yield f"{role} names an unknown event type {key!r}."
    yield from _ledger(channel)


def _ledger(channel: Channel) -> Iterator[str]:
    """Why no ledger of the channel could ever balance."""
    for role in ENDS:
        if getattr(channel, role) and not channel.sends:
            yield f"{role} needs sends: nothing was ever sent."
    roles: dict[str, str] = {}
    for role in LEDGER:
        for key in getattr(channel, role):
            if roles.setdefault(key, role) != role:
                yield f"{role} names {key!r}, which {roles[key]} does, too."


def _unknown(keys: Sequence[str], known: Iterable[str]) -> list[str]:
    return [key for key in keys if key not in known]
