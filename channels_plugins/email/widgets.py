"""What the email tab shows, in order."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import EXECUTION, Kpi, Parts, Table, TimeSeries

WIDGETS = (
    Parts(
        key="sending_performance",
        title=_("Email – Sending performance"),
        help=_(
            "How sending goes: what was delivered, what bounced, what waits for another attempt, "
            "and what could not be sent."
        ),
        metrics=("delivered", "bounces", "retries", "errors"),
        size=(12, 7),
    ),
    Table(
        key="statistics",
        title=_("Email – Statistics"),
        help=_(
            "One row for each execution (run) of the campaign: what was targeted and sent, and "
            "how people reacted."
        ),
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
        size=(12, 6),
    ),
    Parts(
        key="bounce_categories",
        title=_("Bounce categories"),
        help=_(
            "Whether bounces are final (hard), temporary (soft), or of no consequence (ignored), "
            "such as automatic answers."
        ),
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
        whole=("delivered", "bounces", "errors"),
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
        help=_(
            "The recipient domains, such as gmail.com, with the most opens; for each also what "
            "was sent, delivered, clicked and returned."
        ),
        metrics=("opens", "sent", "delivered", "clicks", "bounces"),
        by="domain",
        size=(12, 8),
    ),
    Parts(
        key="verdicts",
        title=_("Humans and machines"),
        help=_(
            "How many opens and clicks are people’s, and how many those of robots: proxies that "
            "fetch images in advance, scanners that follow every link. Not given: nothing was "
            "said of it."
        ),
        metrics=("opens", "clicks"),
        by="verdict",
        size=(12, 5),
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
    Table(
        key="engagement",
        title=_("Email – Engagement"),
        help=_("The people behind opens and clicks: a line for each run of the campaign."),
        metrics=(
            "delivered_profiles",
            "unique_opens",
            "unique_clicks",
            "click_to_open_rate",
            "open_rate",
            "click_rate",
        ),
        by=EXECUTION,
        limit=100,
        by_default=False,
    ),
    Kpi(
        key="bounce_types",
        title=_("Hard and soft bounces"),
        help=_("How many bounces are final, and how many will pass."),
        metrics=("hard_bounces", "soft_bounces"),
        size=(6, 4),
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
