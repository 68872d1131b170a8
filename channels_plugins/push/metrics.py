"""What the push channel counts."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Count, Profiles, Rate

METRICS = (
    Count(
        key="targeted",
        label=_("Targeted"),
        definition=_("Notifications that the campaign set out to send."),
        tone="slate",
        events=("targeted",),
    ),
    Profiles(
        key="excluded",
        label=_("Excluded"),
        definition=_("Distinct profiles that were held back before sending, for any reason."),
        tone="grey",
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
        definition=_("Notifications handed over to the push services."),
        tone="blue",
        events=("sent",),
    ),
    Count(
        key="delivered",
        label=_("Delivered"),
        definition=_("Notifications that the push service passed on to the device."),
        tone="teal",
        rate="delivery_rate",
        events=("delivered",),
    ),
    Profiles(
        key="delivered_profiles",
        label=_("Profiles reached"),
        definition=_("Distinct profiles with at least one delivered notification."),
        events=("delivered",),
    ),
    Count(
        key="bounces",
        label=_("Bounces"),
        definition=_("Notifications that the push service refused for the device."),
        tone="amber",
        rate="bounce_rate",
        events=("bounced",),
    ),
    Count(
        key="errors",
        label=_("Errors"),
        definition=_("Notifications that could not be sent because something failed on our side."),
        tone="red",
        rate="error_rate",
        events=("error",),
    ),
    Count(
        key="opens",
        label=_("Opens"),
        definition=_("Times a notification was opened."),
        tone="violet",
        rate="open_rate",
        events=("opened",),
    ),
    Profiles(
        key="unique_opens",
        label=_("Unique opens"),
        definition=_("Distinct profiles that opened at least one notification."),
        tone="violet",
        rate="unique_open_rate",
        events=("opened",),
    ),
    Count(
        key="actions",
        label=_("Actions"),
        definition=_("Buttons pressed on a notification, and notifications swiped away."),
        tone="magenta",
        events=("action",),
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
    ),
    Rate(
        key="error_rate",
        label=_("Error rate"),
        definition=_("Errors, relative to sent."),
        numerator="errors",
        denominator="sent",
    ),
    Rate(
        key="open_rate",
        label=_("Open rate"),
        definition=_("Opens, relative to delivered; undefined when they exceed it."),
        numerator="opens",
        denominator="delivered",
    ),
    Rate(
        key="unique_open_rate",
        label=_("Unique open rate"),
        definition=_("Profiles that opened, as a share of the profiles reached."),
        numerator="unique_opens",
        denominator="delivered_profiles",
    ),
)
