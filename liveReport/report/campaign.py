"""The Campaign tab, composed from the roles that the channels declare."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext_lazy as _

from liveReport.channels import EXECUTION, OTHER, Count, Kpi, Metric, Profiles

from .build import guarded, metric_column, time_column, utc, widget_info
from .frames import Frame, Row, WidgetReport
from .tally import ChannelTallies, Tally

SLUG = "campaign"
TITLE = _("Campaign")

AUDIENCE = Profiles(
    key="audience",
    label=_("Audience"),
    definition=_(
        "Distinct profiles that at least one channel set out to reach. "
        "A profile targeted on two channels counts once."
    ),
    tone="slate",
    events=(),
)
ACTIONS_DELIVERED = Profiles(
    key="actions_delivered",
    label=_("Actions delivered"),
    definition=_(
        "Deliveries that reached someone, on all channels: each profile counts once for each "
        "channel and each execution, however many messages it received there. "
        "Executions that are too many to be counted apart count as one."
    ),
    tone="teal",
    events=(),
)
ERRORS = Count(
    key="errors",
    label=_("Errors"),
    definition=_("Messages that no channel could send because something failed on our side."),
    tone="red",
    events=(),
)
METRICS: Sequence[Metric] = (AUDIENCE, ACTIONS_DELIVERED, ERRORS)

STATISTICS = Kpi(
    key="statistics",
    title=_("Campaign statistics"),
    help=_(
        "The campaign at a glance, over all of its channels: how many people it is meant for, "
        "how many deliveries reached them, and what failed on the way."
    ),
    metrics=tuple(metric.key for metric in METRICS),
)
WIDGETS = (STATISTICS,)


def statistics(channels: Sequence[ChannelTallies]) -> WidgetReport:
    """The one widget of the tab, over the channels given."""
    info = widget_info(SLUG, STATISTICS)
    frame, trend = guarded(info.slug, lambda: (_frame(channels), _trend(channels))) or (None, None)
    return WidgetReport(
        **vars(info),
        definitions={metric.key: metric.definition for metric in METRICS},
        frame=frame,
        trend=trend,
    )


def _frame(channels: Sequence[ChannelTallies]) -> Frame:
    audience = _united(tally for c in channels for tally in c.profiles(c.channel.audience).values())
    runs = [run for c in channels for run in c.profiles(c.channel.deliveries, EXECUTION).items()]
    delivered = [tally for _run, tally in runs]
    # (channel, execution, profile): disjoint between channels and executions, so these sums hold.
    values = {
        AUDIENCE.key: audience.value,
        ACTIONS_DELIVERED.key: sum(tally.value for tally in delivered),
        ERRORS.key: sum(
            tally.count for c in channels for tally in c.events(c.channel.errors).values()
        ),
    }
    approximate = {
        AUDIENCE.key: audience.approximate,
        # Executions that are not counted apart are taken as one: it may be more of them.
        ACTIONS_DELIVERED.key: any(
            tally.approximate or (run == OTHER and tally.value) for run, tally in runs
        ),
    }
    estimates = [key for key, estimated in approximate.items() if estimated]
    return Frame(
        columns=[metric_column(metric) for metric in METRICS],
        rows=[dict(values)],
        totals=dict(values),
        estimates=[estimates],
        total_estimates=estimates,
    )


def _trend(channels: Sequence[ChannelTallies]) -> Frame | None:
    """The course of the errors; sums of profiles over time would mislead."""
    if not channels:
        return None
    errors = [c.events_by_step(c.channel.errors) for c in channels]
    rows: list[Row] = [
        {
            "time": utc(step),
            ERRORS.key: sum(found[step].count for found in errors if step in found),
        }
        for step in channels[0].window.steps()
    ]
    return Frame(columns=[time_column(), metric_column(ERRORS)], rows=rows, totals={})


def _united(tallies: Iterable[Tally]) -> Tally:
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole
