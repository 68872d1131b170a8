"""How each kind of metric is computed, in words derived from its declaration."""

from collections.abc import Mapping, Sequence
from functools import singledispatch

from django.utils.translation import gettext as _

from liveReport.channels import Channel, Count, Gauge, Metric, Profiles, Rate
from liveReport.report.roles import CampaignActions, CampaignEvents, CampaignProfiles

Meaning = tuple[str, str, str]
"""Formula, uniqueness and basis."""


@singledispatch
def meaning(metric: Metric, enabled: Sequence[Channel]) -> Meaning:
    """What a metric is made of; the formula is notation, the others are sentences.

    What a metric of the whole campaign is made of follows from the channels ``enabled``.
    """
    raise NotImplementedError(type(metric))


@meaning.register
def _count(metric: Count, enabled: Sequence[Channel]) -> Meaning:
    return (
        _call("count", [*metric.events, *_condition(metric.where)]),
        _("Every event counts, except one that its source sent twice under the same id."),
        _("Events that occurred in the window."),
    )


@meaning.register
def _profiles(metric: Profiles, enabled: Sequence[Channel]) -> Meaning:
    return (
        _call("distinct_profiles", metric.events),
        _("A profile counts once in the whole window; values of rows must not be added up."),
        _("Events that occurred in the window. Beyond 16,384 profiles an estimate."),
    )


@meaning.register
def _gauge(metric: Gauge, enabled: Sequence[Channel]) -> Meaning:
    return (
        f"messages({_call('latest', metric.latest_of)} = {metric.state})",
        _("A message counts once, by the latest of these events."),
        _("Messages as they are now; those without a message id are not tracked."),
    )


@meaning.register
def _rate(metric: Rate, enabled: Sequence[Channel]) -> Meaning:
    return (
        f"{metric.numerator} / {_sum(metric.denominators)}",
        _("As its two terms."),
        _(
            "Both terms over the same events. Undefined when there is nothing to divide by, or "
            "when more came back in the window than went out in it."
        ),
    )


@meaning.register
def _campaign_events(metric: CampaignEvents, enabled: Sequence[Channel]) -> Meaning:
    return (
        _call("count", metric.counted(enabled)),
        _("Every event counts, except one that its source sent twice under the same id."),
        _("Events of the window on the campaign’s channels, of whichever execution."),
    )


@meaning.register
def _campaign_profiles(metric: CampaignProfiles, enabled: Sequence[Channel]) -> Meaning:
    return (
        _call("distinct_profiles", metric.counted(enabled)),
        _("A profile counts once in the whole window, on however many channels it is met."),
        _(
            "Events of the window on the campaign’s channels, of whichever execution. "
            "Beyond 16,384 profiles an estimate."
        ),
    )


@meaning.register
def _campaign_actions(metric: CampaignActions, enabled: Sequence[Channel]) -> Meaning:
    return (
        _call("distinct_channel_execution_profiles", metric.counted(enabled)),
        _("A profile counts once for each channel and each of its executions."),
        _(
            "Events of the window on the campaign’s channels, of whichever execution. "
            "An estimate beyond 16,384 profiles of one execution, or where executions were too "
            "many to be told apart."
        ),
    )


def _sum(terms: Sequence[str]) -> str:
    return terms[0] if len(terms) == 1 else f"({' + '.join(terms)})"


def _condition(where: Mapping[str, str]) -> list[str]:
    return [f"{dimension} = {value}" for dimension, value in where.items()]


def _call(name: str, arguments: Sequence[str]) -> str:
    return f"{name}({', '.join(arguments)})"
