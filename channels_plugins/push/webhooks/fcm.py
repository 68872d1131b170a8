"""Firebase Cloud Messaging (HTTP v1): its answers, as our sender got them."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from liveReport.channels import SetUp

from .results import Results, ResultsRehearsal, body_of

BOUNCES = frozenset({"UNREGISTERED", "SENDER_ID_MISMATCH"})
"""The token is dead or somebody else's. A bad argument need not be the token's fault."""


def _refusal(status: int, code: str) -> tuple[int, dict[str, Any]]:
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    details = [{"@type": kind, "errorCode": code}]
    return status, {"error": {"code": status, "status": "NOT_FOUND", "details": details}}


class FcmRehearsal(ResultsRehearsal):
    """Answers as FCM does."""

    bodies = {
        "sent": (200, {"name": "projects/p/messages/1"}),
        "bounced": _refusal(404, "UNREGISTERED"),
        "error": _refusal(429, "QUOTA_EXCEEDED"),
    }


class Fcm(Results):
    """Firebase Cloud Messaging."""

    provider = "fcm"
    label = "Firebase Cloud Messaging"
    rehearsal = FcmRehearsal
    set_up = SetUp(
        where=_(
            "In your own sender: post what FCM answered to the URL, with the secret as bearer."
        ),
        events=_("Every answer, also those of success: they are what was sent."),
        keys=_("Put lr_campaign and the others beside “results” in the body."),
    )

    def failure(self, item: Any) -> tuple[str, str]:
        code = next(_codes(item), "")
        return ("bounced" if code in BOUNCES else "error"), code

    def message_of(self, item: Any) -> str:
        return super().message_of(item) or str(body_of(item).get("name") or "")


def _codes(item: Any) -> Iterator[str]:
    """Of the details that say one, or else the status: FCM's own is more exact."""
    error = body_of(item).get("error") or {}
    for detail in error.get("details") or []:
        if code := detail.get("errorCode"):
            yield str(code)
    if status := error.get("status"):
        yield str(status)
