"""What the SMS channel counts."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Count, Profiles, Rate

METRICS = (
    Profiles(
        key="targeted",
        label=_("Targeted"),
        definition=_("Distinct profiles that the campaign set out to reach by SMS."),
        tone="slate",
        events=("targeted",),
    ),
    Count(
        key="targeting_events",
        label=_("Targeting events"),
        definition=_("How often a profile was targeted; the same profile may count repeatedly."),
        events=("targeted",),
    ),
    Profiles(
        key="excluded",
        label=_("Excluded"),
        definition=_("Distinct profiles that were held back before sending, for any reason."),
        tone="grey",
        rate="excluded_rate",
        events=("excluded",),
    ),
    Count(
        key="exclusion_events",
        label=_("Exclusion events"),
        definition=_("How often a profile was held back; the same profile may count repeatedly."),
        events=("excluded",),
    ),
    Count(
        key="sent",
        label=_("Sent"),
        definition=_("Text messages handed over to the carrier."),
        tone="blue",
        events=("sent",),
    ),
    Count(
        key="delivered",
        label=_("Delivered"),
        definition=_("Text messages whose arrival was confirmed. Some carriers never confirm."),
        tone="teal",
        rate="delivery_rate",
        events=("delivered",),
    ),
    Count(
        key="bounces",
        label=_("Bounces"),
        definition=_("Text messages that the carrier could not deliver."),
        tone="amber",
        rate="bounce_rate",
        events=("bounced",),
    ),
    Count(
        key="errors",
        label=_("Errors"),
        definition=_("Text messages that could not be sent because something failed on our side."),
        tone="red",
        rate="error_rate",
        events=("error",),
    ),
    Count(
        key="clicks",
        label=_("Clicks"),
        definition=_("Visits to the links of the text messages."),
        tone="magenta",
        rate="click_rate",
        events=("clicked",),
    ),
    Rate(
        key="excluded_rate",
        label=_("Excluded share"),
        definition=_("Profiles held back, as a share of those targeted."),
        numerator="excluded",
        denominator="targeted",
    ),
    Rate(
        key="delivery_rate",
        label=_("Delivery rate"),
        definition=_("Delivered, as a share of sent."),
        numerator="delivered",
        denominator="sent",
    ),
    Rate(
        key="bounce_rate",
        label=_("Bounce rate"),
        definition=_("Bounces, as a share of sent."),
        numerator="bounces",
        denominator="sent",
        bad=True,
    ),
    Rate(
        key="error_rate",
        label=_("Error rate"),
        definition=_("Errors, as a share of all that was sent or failed."),
        numerator="errors",
        denominator=("sent", "errors"),
        bad=True,
    ),
    Rate(
        key="click_rate",
        label=_("Click rate"),
        definition=_("Clicks, relative to delivered; undefined when they exceed it."),
        numerator="clicks",
        denominator="delivered",
        can_exceed=True,
    ),
)
