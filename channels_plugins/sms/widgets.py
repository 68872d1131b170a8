"""What the SMS tab shows, in order."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import EXECUTION, Kpi, Parts, Table, TimeSeries

WIDGETS = (
    Table(
        key="statistics",
        title=_("SMS – Statistics"),
        help=_(
            "One row for each execution (run) of the campaign: who was targeted, what was sent, "
            "and how often links were followed."
        ),
        metrics=("targeted", "excluded", "sent", "bounces", "errors", "clicks"),
        by=EXECUTION,
        limit=100,
        size=(12, 6),
    ),
    TimeSeries(
        key="performance_by_date",
        title=_("SMS – Performance by date"),
        help=_("Sending and its failures over time."),
        metrics=("sent", "bounces", "errors"),
        whole=("bounces", "errors"),
        apart=True,
    ),
    Parts(
        key="error_reasons",
        title=_("Error reasons"),
        help=_("What failed on our side before a text message could leave."),
        metrics=("errors",),
        by="reason",
    ),
    Parts(
        key="exclusion_reasons",
        title=_("Exclusion reasons"),
        help=_("Why profiles were held back. One profile can have several reasons."),
        metrics=("excluded",),
        by="reason",
    ),
    Parts(
        key="bounce_reasons",
        title=_("Bounce reasons"),
        help=_("Why text messages did not arrive, by the carrier's code."),
        metrics=("bounces",),
        by="reason",
        size=(12, 7),
    ),
    Table(
        key="delivery",
        title=_("SMS – Delivery"),
        help=_("What was confirmed of what was sent, run by run. Some carriers never confirm."),
        metrics=("sent", "delivered"),
        by=EXECUTION,
        limit=100,
        size=(6, 7),
        by_default=False,
    ),
    Kpi(
        key="exclusions",
        title=_("Profiles and their events"),
        help=_("How many people were targeted and held back, and how often that happened."),
        metrics=("targeted", "targeting_events", "excluded", "exclusion_events"),
        by_default=False,
    ),
)
