"""The in-app channel, declared."""

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
    Parts,
    Profiles,
    Rate,
    Rule,
    TimeSeries,
    register,
    with_codes,
)

MISSING_CONTENT = Cause(Actor.CONTENT, _("Make a variant for these people, too."))

NO_REACTION = Cause(
    Actor.CONTENT, _("Try the message yourself: do its buttons and links do anything?")
)


@register
class InApp(Channel):
    """Messages shown inside an app."""

    slug = "inapp"
    label = _("In-app")
    description = _("Messages inside an app, and what people do with them.")
    position = 20

    dimensions = (
        Dimension(
            key="reason",
            label=_("Reason"),
            labels={
                **COMMON_EXCLUSIONS,
                **with_codes(
                    {
                        "InAppNoVariantDefined": _("No variant to show"),
                        "InAppNoMessageFoundForTreatment": _("No message for the treatment"),
                    }
                ),
            },
            causes={
                **COMMON_EXCLUSION_CAUSES,
                "InAppNoVariantDefined": MISSING_CONTENT,
                "InAppNoMessageFoundForTreatment": MISSING_CONTENT,
            },
        ),
        Dimension(
            key="interaction",
            label=_("Interaction"),
            choices={"click": _("Click"), "dismiss": _("Dismissal"), "other": _("Other")},
        ),
    )
    events = (
        EventType(key="excluded", label=_("Excluded"), dimensions=("reason",)),
        EventType(key="impression", label=_("Impression")),
        EventType(key="interaction", label=_("Interaction"), dimensions=("interaction",)),
    )
    metrics = (
        Count(
            key="impressions",
            label=_("Impressions"),
            definition=_("Times an in-app message was shown."),
            tone="blue",
            events=("impression",),
        ),
        Profiles(
            key="unique_impressions",
            label=_("Unique impressions"),
            definition=_("Distinct profiles to whom an in-app message was shown."),
            tone="sky",
            events=("impression",),
        ),
        Count(
            key="interactions",
            label=_("Interactions"),
            definition=_("Everything people did with a message: clicks, dismissals and the rest."),
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
            definition=_("How often a message was held back."),
            events=("excluded",),
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
            title=_("In-app performance"),
            help=_("How often messages were seen in the app, and how often people reacted."),
            metrics=("impressions", "interactions"),
        ),
        TimeSeries(
            key="summary",
            title=_("In-app summary"),
            help=_("Impressions and reactions over time."),
            metrics=("impressions", "interactions"),
        ),
        Parts(
            key="interactions_by_type",
            title=_("Interactions by type"),
            help=_("What people do with a message: follow it, close it, or something else."),
            metrics=("interactions",),
            by="interaction",
            size=(12, 7),
        ),
        Kpi(
            key="reach",
            title=_("In-app – Reach"),
            help=_("How many people saw something, and how many were left out, how often."),
            metrics=("unique_impressions", "excluded", "exclusion_events"),
            by_default=False,
        ),
    )
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
