"""MailerSend: an activity in each request, signed over the body."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Event, Ignored, Said, SetUp, Unreadable, moment_of

from ..bounces import bounce, reason
from .base import BodySigned, BodySigning, address, mail

ACTIVITIES = {
    "sent": "sent",
    "deferred": "deferred",
    "delivered": "delivered",
    "soft_bounced": "bounced",
    "hard_bounced": "bounced",
    "opened": "opened",
    "opened_unique": "",
    "clicked": "clicked",
    "clicked_unique": "",
    "unsubscribed": "unsubscribed",
    "spam_complaint": "complained",
}
"""What an activity is; those that repeat another one are empty."""

Item = Mapping[str, Any]


class MailerSendRehearsal(BodySigning):
    """Plays MailerSend."""

    types = tuple(dict.fromkeys(filter(None, ACTIVITIES.values())))
    most = 1
    words = {ours: theirs for theirs, ours in ACTIVITIES.items()}

    def item(self, said: Said) -> Any:
        word = "soft_bounced" if said.category == "soft" else self.words[said.type]
        return self._activity(said, word)

    def unknown(self, said: Said) -> Any:
        return self._activity(said, "teleported")

    def _activity(self, said: Said, word: str) -> dict[str, Any]:
        tags = ["&".join(f"{key}={value}" for key, value in said.keys.items())]
        message = {"object": "message", "id": said.message}
        recipient = {"object": "recipient", "email": said.recipient}
        email = {"object": "email", "message": message, "recipient": recipient, "tags": tags}
        morph = (
            {"object": "click", "url": "https://example.com/"}
            if word == "clicked"
            else {
                "object": "recipient_bounce",
                "reason": f"550 {said.reason or '5.1.1'} refused",
            }
        )
        at = said.at.isoformat()
        data = {"object": "activity", "type": word, "created_at": at, "email": email}
        return {"type": f"activity.{word}", "data": data | {"morph": morph}}


class MailerSend(BodySigned):
    """MailerSend's activities."""

    provider = "mailersend"
    label = "MailerSend"
    header = "signature"
    rehearsal = MailerSendRehearsal
    set_up = SetUp(
        where=_("Domains → your domain → Webhooks → Create webhook"),
        events=_("Tick all activities of email."),
        keys=_("Pass lr_campaign=…&lr_profile=… as a tag of the message."),
        secret=_("The signing secret that the webhook’s page shows."),
    )

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        data = item["data"]
        word = data.get("type")
        kind = ACTIVITIES.get(word)
        if kind is None:
            raise Unreadable("unknown_type")
        if not kind:
            return [Ignored(word)]
        email, morph = data["email"], data.get("morph") or {}
        event = Event(
            type=kind,
            at=moment_of(data.get("created_at") or item.get("created_at")),
            recipient=address(email["recipient"]["email"]),
            message=str((email.get("message") or {}).get("id") or ""),
            labels=email.get("tags") or (),
            dimensions=_details(morph, kind, word),
            link=morph.get("url") or "",
        )
        return [mail(event)]


def _details(morph: Item, kind: str, word: str) -> Mapping[str, str]:
    text = morph.get("reason") or morph.get("readable_reason")
    if kind == "bounced":
        return bounce("", text, word, hard=word == "hard_bounced")
    return reason("", text, word) if kind == "deferred" else {}
