"""What the SMS tab shows, in order."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import EXECUTION, Parts, Table, TimeSeries

WIDGETS = (
    Table(
        key="statistics",
        title=_("SMS – Statistics"),
        help=_("One line for each run of the campaign, from the people meant to their clicks."),
        metrics=("targeted", "excluded", "sent", "bounces", "errors", "clicks"),
        by=EXECUTION,
        limit=100,
    ),
    TimeSeries(
        key="performance_by_date",
        title=_("SMS – Performance by date"),
        help=_("Sending and its failures over time."),
        metrics=("sent", "bounces", "errors"),
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
)
