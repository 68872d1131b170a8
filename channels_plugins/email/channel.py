"""The email channel, declared."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Channel, Dimension, EventType, register

from .causes import CAUSES
from .metrics import METRICS
from .reasons import REASONS
from .rules import RULES
from .signals import SIGNALS, VERDICTS
from .webhooks import WEBHOOKS
from .widgets import WIDGETS

REACTION = ("domain", "signal", "verdict")
"""What an open or a click may say of itself."""


@register
class Email(Channel):
    """Sending, bounces, engagement and offers of email."""

    slug = "email"
    label = _("Email")
    description = _("Messages to mailboxes, with bounces, opens, clicks and offers.")
    position = 10

    dimensions = (
        Dimension(key="reason", label=_("Reason"), labels=REASONS, causes=CAUSES),
        Dimension(
            key="category",
            label=_("Category"),
            choices={
                "hard": _("Hard bounce"),
                "soft": _("Soft bounce"),
                "ignored": _("Ignored"),
            },
        ),
        Dimension(key="domain", label=_("Recipient domain"), domain_names=True),
        Dimension(key="offer", label=_("Offer")),
        Dimension(key="signal", label=_("Signal"), choices=SIGNALS),
        Dimension(
            key="verdict",
            label=_("Verdict"),
            choices={"human": _("Human"), "machine": _("Machine")},
            derived_from="signal",
            rules=VERDICTS,
        ),
    )
    events = (
        EventType(key="targeted", label=_("Targeted")),
        EventType(key="excluded", label=_("Excluded"), dimensions=("reason",)),
        EventType(key="sent", label=_("Sent"), dimensions=("domain",)),
        EventType(key="deferred", label=_("Deferred"), dimensions=("reason", "domain")),
        EventType(key="delivered", label=_("Delivered"), dimensions=("domain",)),
        EventType(key="bounced", label=_("Bounced"), dimensions=("category", "reason", "domain")),
        EventType(key="error", label=_("Error"), dimensions=("reason",)),
        EventType(key="opened", label=_("Opened"), dimensions=REACTION),
        EventType(key="clicked", label=_("Clicked"), dimensions=REACTION),
        EventType(key="unsubscribed", label=_("Unsubscribed")),
        EventType(key="complained", label=_("Complained")),
        EventType(key="offer_sent", label=_("Offer sent"), dimensions=("offer",)),
        EventType(key="offer_displayed", label=_("Offer displayed"), dimensions=("offer",)),
        EventType(key="offer_clicked", label=_("Offer clicked"), dimensions=("offer",)),
    )
    metrics = METRICS
    webhooks = WEBHOOKS
    widgets = WIDGETS
    rules = RULES
    audience = ("targeted",)
    deliveries = ("delivered",)
    errors = ("error",)
    exclusions = ("excluded",)
    sends = ("sent",)
    deferrals = ("deferred",)
    arrivals = ("delivered",)
    bounces = ("bounced",)
