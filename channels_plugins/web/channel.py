"""The web channel, declared."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    COMMON_EXCLUSION_CAUSES,
    COMMON_EXCLUSIONS,
    Actor,
    Cause,
    Channel,
    Count,
    Dimension,
    EventType,
    Kpi,
    Profiles,
    Rate,
    Rule,
    Table,
    TimeSeries,
    register,
    with_codes,
)

from .webhooks import WEBHOOKS

MISSING_CONTENT = Cause(Actor.CONTENT, _("Make a variant for these people, too."))

NO_REACTION = Cause(
    Actor.CONTENT, _("Try the message yourself: do its buttons and links do anything?")
)


@register
class Web(Channel):
    """Personalised parts of web pages."""

    slug = "web"
    label = _("Web")
    description = _("Personalised web pages, element by element.")
    position = 50

    dimensions = (
        Dimension(
            key="reason",
            label=_("Reason"),
            labels={
                **COMMON_EXCLUSIONS,
                **with_codes(
                    {
                        "WebNoVariantDefined": _("No variant to show"),
                        "WebNoMessageFoundForTreatment": _("No content for the treatment"),
                    }
                ),
            },
            causes={
                **COMMON_EXCLUSION_CAUSES,
                "WebNoVariantDefined": MISSING_CONTENT,
                "WebNoMessageFoundForTreatment": MISSING_CONTENT,
            },
        ),
        Dimension(key="element", label=_("Page element")),
        Dimension(
            key="identity",
            label=_("Counted as"),
            choices={"page": _("Page view (nobody is known)")},
        ),
    )
    events = (
        EventType(key="excluded", label=_("Excluded"), dimensions=("reason",)),
        EventType(key="impression", label=_("Impression"), dimensions=("element", "identity")),
        EventType(key="interaction", label=_("Interaction"), dimensions=("element", "identity")),
    )
    metrics = (
        Count(
            key="impressions",
            label=_("Impressions"),
            definition=_("Times a personalised element was shown on a page."),
            tone="blue",
            events=("impression",),
        ),
        Profiles(
            key="unique_impressions",
            label=_("Unique impressions"),
            definition=_(
                "Distinct profiles that saw a personalised element. Where a page does not know "
                "who is there, each of its views counts as a profile."
            ),
            tone="sky",
            events=("impression",),
        ),
        Count(
            key="interactions",
            label=_("Interactions"),
            definition=_("Times people used an element: a click or any other action."),
            tone="violet",
            rate="interaction_rate",
            events=("interaction",),
        ),
        Profiles(
            key="excluded",
            label=_("Excluded"),
            definition=_("Distinct profiles to whom nothing was shown, for any reason."),
            tone="grey",
            events=("excluded",),
        ),
        Count(
            key="exclusion_events",
            label=_("Exclusion events"),
            definition=_("How often a personalised element was held back."),
            events=("excluded",),
        ),
        Count(
            key="anonymous_impressions",
            label=_("Impressions without a profile"),
            definition=_(
                "Times an element was shown on a page that does not know who is there. To unique "
                "impressions, each view of such a page is a profile of its own."
            ),
            tone="slate",
            events=("impression",),
            where={"identity": "page"},
        ),
        Rate(
            key="interaction_rate",
            label=_("Interaction rate"),
            definition=_("Interactions, relative to impressions; undefined when they exceed them."),
            numerator="interactions",
            denominator="impressions",
            can_exceed=True,
        ),
    )
    widgets = (
        Kpi(
            key="performance",
            title=_("Web performance"),
            help=_(
                "How often personalised elements were shown on your pages, and how often people "
                "used them."
            ),
            metrics=("impressions", "interactions"),
        ),
        TimeSeries(
            key="summary",
            title=_("Web summary"),
            help=_(
                "Impressions, the people behind them and their actions over time. People are "
                "counted anew at each point, so the points do not add up."
            ),
            metrics=("impressions", "unique_impressions", "interactions"),
        ),
        Table(
            key="interactions_by_element",
            title=_("Interactions by element"),
            help=_("Which elements of your pages people use, and how many of them saw each."),
            metrics=("interactions", "impressions", "unique_impressions"),
            by="element",
        ),
        Kpi(
            key="anonymous",
            title=_("Web – Nobody known"),
            help=_(
                "How much was shown on pages that do not know who is there. Unique impressions "
                "count their views, not people."
            ),
            metrics=("anonymous_impressions",),
            only_with_data=True,
        ),
        Kpi(
            key="reach",
            title=_("Web – Reach"),
            help=_("How many people saw something, and how many were left out, how often."),
            metrics=("unique_impressions", "excluded", "exclusion_events"),
            by_default=False,
        ),
    )
    webhooks = WEBHOOKS
    rules = (
        # Reactions come later than what they are to: nobody judges the first minutes.
        Rule(
            metric="interaction_rate",
            warn=0.005,
            critical=0.001,
            min_sample=1_000,
            duration=15,
            lower_is_worse=True,
            cause=NO_REACTION,
        ),
    )
    deliveries = ("impression",)
