"""The SMS channel, declared."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Channel, Dimension, EventType, register

from .causes import CAUSES
from .metrics import METRICS
from .reasons import REASONS
from .rules import RULES
from .webhooks import WEBHOOKS
from .widgets import WIDGETS


@register
class Sms(Channel):
    """Text messages to phones."""

    slug = "sms"
    label = _("SMS")
    description = _("Text messages, with bounces and visited links.")
    position = 40

    dimensions = (Dimension(key="reason", label=_("Reason"), labels=REASONS, causes=CAUSES),)
    events = (
        EventType(key="targeted", label=_("Targeted")),
        EventType(key="excluded", label=_("Excluded"), dimensions=("reason",)),
        EventType(key="sent", label=_("Sent")),
        EventType(key="delivered", label=_("Delivered")),
        EventType(key="bounced", label=_("Bounced"), dimensions=("reason",)),
        EventType(key="error", label=_("Error"), dimensions=("reason",)),
        EventType(key="clicked", label=_("Clicked")),
    )
    metrics = METRICS
    webhooks = WEBHOOKS
    widgets = WIDGETS
    rules = RULES
    audience = ("targeted",)
    deliveries = ("sent",)
    errors = ("error",)
    exclusions = ("excluded",)
    sends = ("sent",)
    arrivals = ("delivered",)
    bounces = ("bounced",)
