"""The Campaign tab: its own widgets, and what makes the first of them."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Channel, Kpi, Text

from .build import guarded, metric_column, time_column, utc, widget_info
from .frames import Behind, Column, Frame, Row, WidgetInfo, WidgetReport
from .funnel import Funnel
from .ledger import Ledger
from .own import Numbers, OwnWidget
from .pace import Pace
from .roles import CampaignActions, CampaignEvents, CampaignProfiles, RoleMetric
from .timeline import Timeline

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
    absent=_("Not known: no channel says beforehand whom the campaign is meant for."),
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


class Statistics(OwnWidget):
    """The campaign at a glance: one row."""

    widget = Kpi(
        key="statistics",
        title=_("Campaign statistics"),
        help=_(
            "The campaign at a glance, over all of its channels: how many people it is meant for, "
            "how many deliveries reached them, and what failed on the way. In the small lines "
            "profiles count anew in each step."
        ),
        metrics=tuple(metric.key for metric in METRICS),
        size=(5, 5),
    )
    metrics = METRICS

    def frame(self, numbers: Numbers) -> Frame:
        found = {metric.key: metric.number(numbers.channels) for metric in METRICS}
        values: Row = {key: number.value for key, number in found.items()}
        estimates = [key for key, number in found.items() if number.is_estimate]
        return Frame(
            columns=[_column(metric, numbers) for metric in METRICS],
            rows=[dict(values)],
            totals=values,
            estimates=[estimates],
            total_estimates=estimates,
        )

    def trend(self, numbers: Numbers) -> Frame | None:
        if not numbers.channels:
            return None
        courses = {metric.key: metric.by_step(numbers.channels) for metric in METRICS}
        return Frame(
            columns=[time_column(), *map(metric_column, METRICS)],
            rows=[
                {"time": utc(step), **{key: steps[step] for key, steps in courses.items()}}
                for step in numbers.channels[0].steps
            ],
            totals={},
        )

    def notes(self) -> dict[str, Text]:
        return {metric.key: metric.absent for metric in METRICS if metric.absent}


def _column(metric: RoleMetric, numbers: Numbers) -> Column:
    channels = (one.channel for one in numbers.channels)
    kinds = tuple((of.slug, kind) for of in channels for kind in metric.types(of))
    behind = Behind(kinds, is_distinct=metric.unit == "profiles")
    return replace(metric_column(metric), behind={"": behind} if kinds else {})


OWN: Sequence[OwnWidget] = (Statistics(), Pace(), Funnel(), Timeline(), Ledger())

_own_by_key = {own.widget.key: own for own in OWN}


def infos(channels: Sequence[Channel]) -> list[WidgetInfo]:
    """What the tab's own widgets are, in a campaign of these channels."""
    return [_info(own, channels) for own in OWN]


def _info(own: OwnWidget, channels: Sequence[Channel]) -> WidgetInfo:
    info = widget_info(SLUG, *own.declared(channels))
    return replace(info, has_rates=bool(own.rates))


def campaign_widget(numbers: Numbers, key: str) -> WidgetReport:
    """One of the tab's own widgets; one that fails has no frame."""
    own = _own_by_key[key]
    info = _info(own, [one.channel for one in numbers.channels])
    frame, trend = guarded(
        info.slug,
        lambda: (replace(own.frame(numbers), basis=numbers.basis), own.trend(numbers)),
    ) or (None, None)
    return WidgetReport(
        **vars(info),
        definitions=own.definitions(numbers),
        rates=dict(own.rates),
        frame=frame,
        trend=trend,
        names=own.names(numbers),
        notes=own.notes(),
        remark=own.remark(numbers, frame) if frame else "",
    )
