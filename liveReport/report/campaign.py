"""The Campaign tab, composed from the roles that the channels declare."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Kpi, Widget

from .build import guarded, metric_column, time_column, utc, widget_info
from .frames import Frame, Row, WidgetReport
from .roles import CampaignActions, CampaignEvents, CampaignProfiles, RoleMetric
from .tally import ChannelTallies

SLUG = "campaign"
TITLE = _("Campaign")

AUDIENCE = CampaignProfiles(
    key="audience",
    label=_("Audience"),
    definition=_(
        "Distinct profiles that at least one channel set out to reach. "
        "A profile targeted on two channels counts once."
    ),
    role="audience",
    tone="slate",
)
ACTIONS_DELIVERED = CampaignActions(
    key="actions_delivered",
    label=_("Actions delivered"),
    definition=_(
        "Deliveries that reached someone, on all channels: each profile counts once for each "
        "channel and each execution, however many messages it received there. "
        "Executions that are too many to be counted apart count as one."
    ),
    role="deliveries",
    tone="teal",
)
ERRORS = CampaignEvents(
    key="errors",
    label=_("Errors"),
    definition=_("Messages that no channel could send because something failed on our side."),
    role="errors",
    tone="red",
)
METRICS: Sequence[RoleMetric] = (AUDIENCE, ACTIONS_DELIVERED, ERRORS)

STATISTICS = Kpi(
    key="statistics",
    title=_("Campaign statistics"),
    help=_(
        "The campaign at a glance, over all of its channels: how many people it is meant for, "
        "how many deliveries reached them, and what failed on the way."
    ),
    metrics=tuple(metric.key for metric in METRICS),
)
WIDGETS: Sequence[Widget] = (STATISTICS,)

_METRIC_BY_KEY = {metric.key: metric for metric in METRICS}
WIDGET_BY_KEY = {widget.key: widget for widget in WIDGETS}


def campaign_widget(channels: Sequence[ChannelTallies], widget: Widget) -> WidgetReport:
    """One of the tab's own widgets, over the channels given: a row, and the course of counts."""
    info = widget_info(SLUG, widget)
    metrics = [_METRIC_BY_KEY[key] for key in widget.metrics]
    frame, trend = guarded(
        info.slug, lambda: (_frame(channels, metrics), _trend(channels, metrics))
    ) or (None, None)
    return WidgetReport(
        **vars(info),
        definitions={metric.key: metric.definition for metric in metrics},
        frame=frame,
        trend=trend,
    )


def _frame(channels: Sequence[ChannelTallies], metrics: Sequence[RoleMetric]) -> Frame:
    numbers = {metric.key: metric.number(channels) for metric in metrics}
    values: Row = {key: number.value for key, number in numbers.items()}
    estimates = [key for key, number in numbers.items() if number.is_estimate]
    return Frame(
        columns=[metric_column(metric) for metric in metrics],
        rows=[dict(values)],
        totals=values,
        estimates=[estimates],
        total_estimates=estimates,
    )


def _trend(channels: Sequence[ChannelTallies], metrics: Sequence[RoleMetric]) -> Frame | None:
    """The course of those that have one."""
    courses = {metric.key: metric.by_step(channels) for metric in metrics}
    found = {key: steps for key, steps in courses.items() if steps}
    if not found:
        return None
    shown = [metric_column(metric) for metric in metrics if metric.key in found]
    return Frame(
        columns=[time_column(), *shown],
        rows=[
            {"time": utc(step), **{key: steps[step] for key, steps in found.items()}}
            for step in channels[0].steps
        ],
        totals={},
    )
