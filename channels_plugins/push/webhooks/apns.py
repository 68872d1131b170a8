"""Apple Push Notification service: its answers, as our sender got them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from liveReport.channels import SetUp

from .results import Results, ResultsRehearsal, body_of

BOUNCES = frozenset({"Unregistered", "ExpiredToken", "BadDeviceToken", "DeviceTokenNotForTopic"})
"""The token is dead, or was never good here."""


class ApnsRehearsal(ResultsRehearsal):
    """Answers as APNs does: nothing but headers where all is well."""

    bodies = {
        "sent": (200, ""),
        "bounced": (410, {"reason": "Unregistered", "timestamp": 1_700_000_000_000}),
        "error": (413, {"reason": "PayloadTooLarge"}),
    }


class Apns(Results):
    """Apple Push Notification service."""

    provider = "apns"
    label = "Apple Push Notification service"
    rehearsal = ApnsRehearsal
    set_up = SetUp(
        where=_(
            "In your own sender: post what APNs answered to the URL, with the secret as bearer."
        ),
        events=_("Every answer, also those of success: they are what was sent."),
        keys=_("Put lr_campaign and the others beside “results” in the body."),
    )

    def failure(self, item: Any) -> tuple[str, str]:
        reason = str(body_of(item).get("reason") or "")
        return ("bounced" if reason in BOUNCES else "error"), reason

    def message_of(self, item: Any) -> str:
        headers = {name.lower(): text for name, text in (item.get("headers") or {}).items()}
        return super().message_of(item) or str(headers.get("apns-id") or "")
