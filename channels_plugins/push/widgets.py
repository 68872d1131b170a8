"""What the push tab shows, in order."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import EXECUTION, Kpi, Parts, Table, TimeSeries

WIDGETS = (
    Parts(
        key="sending_performance",
        title=_("Push – Sending performance"),
        help=_(
            "How sending goes: what reached devices, what the push services refused, and what "
            "could not be sent."
        ),
        metrics=("delivered", "bounces", "errors"),
        size=(12, 7),
    ),
    Table(
        key="statistics",
        title=_("Push – Statistics"),
        help=_(
            "One row for each execution (run) of the campaign: what was targeted, sent and opened."
        ),
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
        size=(12, 6),
    ),
    TimeSeries(
        key="sending_summary",
        title=_("Push – Sending summary"),
        help=_("Sending and reactions over time."),
        metrics=("opens", "actions", "bounces", "delivered", "errors"),
        whole=("delivered", "bounces", "errors"),
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
    Table(
        key="engagement",
        title=_("Push – Engagement"),
        help=_("The people behind the opens, and what they did: a line for each run."),
        metrics=("delivered_profiles", "unique_opens", "open_rate", "actions"),
        by=EXECUTION,
        limit=100,
        by_default=False,
    ),
    Kpi(
        key="exclusions",
        title=_("Profiles and their events"),
        help=_("How many people were targeted and held back, and how often that happened."),
        metrics=("targeted_profiles", "excluded", "exclusion_events"),
        by_default=False,
    ),
)
