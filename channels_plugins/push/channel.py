"""The push channel, declared."""

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Channel, Dimension, EventType, register

from .causes import CAUSES
from .metrics import METRICS
from .reasons import REASONS
from .rules import RULES
from .webhooks import WEBHOOKS
from .widgets import WIDGETS


@register
class Push(Channel):
    """Push notifications on phones and in browsers."""

    slug = "push"
    label = _("Push")
    description = _("Notifications on devices, by operating system.")
    position = 30

    dimensions = (
        Dimension(key="reason", label=_("Reason"), labels=REASONS, causes=CAUSES),
        Dimension(
            key="platform",
            label=_("Operating system"),
            labels={"ios": _("iOS"), "android": _("Android"), "web": _("Web browser")},
        ),
        Dimension(
            key="interaction",
            label=_("Action"),
            labels={"click": _("Button click"), "dismiss": _("Dismissal")},
        ),
    )
    events = (
        EventType(key="targeted", label=_("Targeted"), dimensions=("platform",)),
        EventType(key="excluded", label=_("Excluded"), dimensions=("reason", "platform")),
        EventType(key="sent", label=_("Sent"), dimensions=("platform",)),
        EventType(key="delivered", label=_("Delivered"), dimensions=("platform",)),
        EventType(key="bounced", label=_("Bounced"), dimensions=("reason", "platform")),
        EventType(key="error", label=_("Error"), dimensions=("reason", "platform")),
        EventType(key="opened", label=_("Opened"), dimensions=("platform",)),
        EventType(key="action", label=_("Action"), dimensions=("interaction", "platform")),
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
    arrivals = ("delivered",)
    bounces = ("bounced",)
