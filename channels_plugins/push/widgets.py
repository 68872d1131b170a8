"""What the push tab shows, in order."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import EXECUTION, Parts, Table, TimeSeries

WIDGETS = (
    Parts(
        key="sending_performance",
        title=_("Push – Sending performance"),
        help=_("How sending goes: what reached devices, what was refused, what failed."),
        metrics=("delivered", "bounces", "errors"),
        size=(12, 7),
    ),
    Table(
        key="statistics",
        title=_("Push – Statistics"),
        help=_("One line for each run of the campaign, from the people meant to their opens."),
        metrics=(
            "targeted",
            "excluded",
            "sent",
            "delivered",
            "bounces",
            "errors",
            "opens",
        ),
        by=EXECUTION,
        limit=100,
    ),
    TimeSeries(
        key="sending_summary",
        title=_("Push – Sending summary"),
        help=_("Sending and reactions over time."),
        metrics=("opens", "actions", "bounces", "delivered", "errors"),
    ),
    Parts(
        key="exclusion_reasons",
        title=_("Exclusion reasons"),
        help=_("Why profiles were held back. One profile can have several reasons."),
        metrics=("excluded",),
        by="reason",
    ),
    Parts(
        key="error_reasons",
        title=_("Error reasons"),
        help=_("What failed on our side before a notification could leave."),
        metrics=("errors",),
        by="reason",
    ),
    Parts(
        key="platform_breakdown",
        title=_("Breakdown by platform"),
        help=_("How each operating system does, from targeting to reactions."),
        metrics=(
            "targeted",
            "delivered",
            "opens",
            "actions",
            "bounces",
            "errors",
            "excluded",
        ),
        by="platform",
        size=(12, 8),
    ),
)
