"""The direct mail channel, declared."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    Channel,
    Count,
    Dimension,
    EventType,
    Kpi,
    Parts,
    Profiles,
    Rate,
    Rule,
    Table,
    register,
)

from .causes import ADDRESS, CAUSES, PRINTER
from .reasons import REASONS
from .webhooks import WEBHOOKS


@register
class DirectMail(Channel):
    """Letters and cards, from the file to the letter box."""

    slug = "directmail"
    label = _("Direct mail")
    description = _("Letters and cards handed over to a printer or the post.")
    position = 60

    dimensions = (Dimension(key="reason", label=_("Reason"), labels=REASONS, causes=CAUSES),)
    events = (
        EventType(key="targeted", label=_("Targeted")),
        EventType(key="excluded", label=_("Excluded"), dimensions=("reason",)),
        EventType(key="sent", label=_("Sent")),
        EventType(key="error", label=_("Error"), dimensions=("reason",)),
        EventType(key="delivered", label=_("Delivered")),
        EventType(key="returned", label=_("Returned"), dimensions=("reason",)),
    )
    metrics = (
        Profiles(
            key="targeted",
            label=_("Targeted"),
            definition=_("Distinct profiles that the campaign set out to reach by post."),
            tone="slate",
            events=("targeted",),
        ),
        Count(
            key="targeting_events",
            label=_("Targeting events"),
            definition=_(
                "How often a profile was targeted; the same profile may count repeatedly."
            ),
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
            definition=_(
                "How often a profile was held back; the same profile may count repeatedly."
            ),
            events=("excluded",),
        ),
        Count(
            key="sent",
            label=_("Sent"),
            definition=_("Pieces handed over for printing or posting."),
            tone="blue",
            events=("sent",),
        ),
        Count(
            key="errors",
            label=_("Errors"),
            definition=_("Pieces that could not be handed over because something failed."),
            tone="red",
            rate="error_rate",
            events=("error",),
        ),
        Count(
            key="delivered",
            label=_("Delivered"),
            definition=_("Pieces that the post reported as delivered."),
            tone="teal",
            rate="delivery_rate",
            events=("delivered",),
        ),
        Count(
            key="returned",
            label=_("Returned"),
            definition=_("Pieces that the post returned to the sender."),
            tone="amber",
            rate="return_rate",
            events=("returned",),
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
            key="return_rate",
            label=_("Return rate"),
            definition=_("Returned, as a share of sent."),
            numerator="returned",
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
    )
    webhooks = WEBHOOKS
    rules = (
        Rule(
            metric="error_rate",
            warn=0.2,
            critical=0.5,
            min_sample=50,
            at_once=True,
            cause=PRINTER,
        ),
        Rule(metric="return_rate", warn=0.1, critical=0.2, cause=ADDRESS),
    )
    widgets = (
        Table(
            key="sending_statistics",
            title=_("Direct mail – Sending statistics"),
            help=_("How many people the mailing is meant for, and what was handed over for them."),
            metrics=("targeted", "sent", "errors", "excluded"),
            size=(12, 4),
        ),
        Parts(
            key="error_reasons",
            title=_("Error reasons"),
            help=_("Why pieces could not be handed over."),
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
        Kpi(
            key="delivery",
            title=_("Direct mail – Delivery"),
            help=_("What the post says of the pieces: delivered, or brought back."),
            metrics=("sent", "delivered", "returned"),
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
    audience = ("targeted",)
    deliveries = ("sent",)
    errors = ("error",)
    exclusions = ("excluded",)
    sends = ("sent",)
    arrivals = ("delivered",)
    bounces = ("returned",)
