"""What the email tab shows, in order."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import EXECUTION, Kpi, Parts, Table, TimeSeries

WIDGETS = (
    Parts(
        key="sending_performance",
        title=_("Email – Sending performance"),
        help=_("How sending goes: what arrived, what came back, what waits, what failed."),
        metrics=("delivered", "bounces", "retries", "errors"),
        size=(12, 7),
    ),
    Table(
        key="statistics",
        title=_("Email – Statistics"),
        help=_("One line for each run of the campaign, from the people meant to their reactions."),
        metrics=(
            "targeted",
            "excluded",
            "sent",
            "delivered",
            "bounces",
            "errors",
            "opens",
            "clicks",
            "unsubscribes",
            "spam_complaints",
            "retries",
        ),
        by=EXECUTION,
        limit=100,
    ),
    Parts(
        key="bounce_categories",
        title=_("Bounce categories"),
        help=_("Whether bounces are final, will pass, or need no attention."),
        metrics=("bounces",),
        by="category",
    ),
    Parts(
        key="bounce_reasons",
        title=_("Bounce reasons"),
        help=_("Why emails came back, by the code that the receiving server gave."),
        metrics=("bounces",),
        by="reason",
    ),
    TimeSeries(
        key="performance_by_date",
        title=_("Email – Performance by date"),
        help=_("Sending and reactions over time."),
        metrics=(
            "sent",
            "delivered",
            "bounces",
            "errors",
            "opens",
            "clicks",
            "unsubscribes",
            "spam_complaints",
        ),
    ),
    Parts(
        key="error_reasons",
        title=_("Error reasons"),
        help=_("What failed on our side before an email could leave."),
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
        key="recipient_domains",
        title=_("Best recipient domains"),
        help=_("Where emails are opened most, with what was sent there and what came of it."),
        metrics=("opens", "sent", "delivered", "clicks", "bounces"),
        by="domain",
        size=(12, 8),
    ),
    Kpi(
        key="offer_statistics",
        title=_("Offer statistics"),
        help=_("How the offers inside the emails do: sent, seen, clicked."),
        metrics=("offer_sent", "offer_impressions", "offer_clicks"),
        only_with_data=True,
    ),
    TimeSeries(
        key="offer_statistics_over_time",
        title=_("Offer statistics over time"),
        help=_("The same three numbers over time."),
        metrics=("offer_sent", "offer_impressions", "offer_clicks"),
        only_with_data=True,
    ),
)
