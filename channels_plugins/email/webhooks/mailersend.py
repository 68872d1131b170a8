"""MailerSend: an activity in each request, signed over the body."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Event, Ignored, Said, SetUp, Unreadable, moment_of

from ..bounces import bounce, reason
from ..robots import reaction
from .base import BodySigned, BodySigning, address, mail

ACTIVITIES = {
    "sent": "sent",
    "deferred": "deferred",
    "delivered": "delivered",
    "soft_bounced": "bounced",
    "hard_bounced": "bounced",
    "suppressed": "excluded",
    "opened": "opened",
    "clicked": "clicked",
    "unsubscribed": "unsubscribed",
    "spam_complaint": "complained",
}
IGNORED = frozenset(
    {
        *("opened_unique", "clicked_unique"),  # come beside the same opened or clicked
        *("survey_opened", "survey_submitted", "webhook.test", "sender_identity.verified"),
        *("maintenance.start", "maintenance.end", "inbound_forward.failed"),
        *("inbound_message.rejected", "email_single.verified", "email_list.verified"),
        *("bulk_email.completed", "recipient.on_hold_added", "recipient.on_hold_removed"),
    }
)
PREFIX = "activity."
UNSUBSCRIBED = "unsubscribe"
"""In the reason of a suppression that is the recipient's wish."""
REASONS = ("bounce_reason", "reason", "readable_reason")
"""Where the answer of the receiving server is: the first is the second version's."""

Item = Mapping[str, Any]


class MailerSendRehearsal(BodySigning):
    """Plays MailerSend, in the second version of its payloads."""

    types = tuple(dict.fromkeys(ACTIVITIES.values()))
    most = 1
    words = {ours: theirs for theirs, ours in ACTIVITIES.items()}

    def item(self, said: Said) -> Any:
        word = "soft_bounced" if said.category == "soft" else self.words[said.type]
        return self._activity(said, word)

    def unknown(self, said: Said) -> Any:
        return self._activity(said, "teleported")

    def _activity(self, said: Said, word: str) -> dict[str, Any]:
        metas: dict[str, dict[str, Any]] = {
            "bounced": {"bounce_reason": f"550 {said.reason or '5.1.1'} refused"},
            "clicked": {"url": "https://example.com/"},
            "excluded": {"suppression_reason": "on_hold"},
        }
        data = {
            "type": word,
            "message_id": said.message,
            "recipient": said.recipient,
            "tags": [said.label],
            "meta": metas.get(said.type, []),
        }
        return {"type": f"{PREFIX}{word}", "created_at": said.at.isoformat(), "data": data}


class MailerSend(BodySigned):
    """MailerSend's activities, in both versions of its payloads."""

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
        word = item["type"].removeprefix(PREFIX)  # that inside says opened of opened_unique, too
        if word in IGNORED:
            return [Ignored(word)]
        kind = ACTIVITIES.get(word)
        if kind is None:
            raise Unreadable("unknown_type")
        data = _flat(item["data"])
        meta = data.get("meta") or {}
        event = Event(
            type=kind,
            at=moment_of(data.get("created_at") or item.get("created_at")),
            recipient=address(data.get("recipient") or data.get("email")),
            message=str(data.get("message_id") or ""),
            labels=data.get("tags") or (),
            dimensions=_details(meta, kind, word),
            link=meta.get("url") or "",
        )
        return [mail(event)]


def _flat(data: Item) -> Item:
    """An activity of the first version, which has objects in it, as one of the second."""
    email = data.get("email")
    if not isinstance(email, dict):
        return data
    return {
        "created_at": data.get("created_at"),
        "message_id": (email.get("message") or {}).get("id"),
        "recipient": email["recipient"]["email"],
        "tags": email.get("tags"),
        "meta": data.get("morph"),
    }


def _details(meta: Item, kind: str, word: str) -> Mapping[str, str]:
    code, text = meta.get("bounce_code"), " ".join(str(meta.get(one) or "") for one in REASONS)
    match kind:
        case "bounced":
            return bounce(code, text, word, hard=word == "hard_bounced")
        case "deferred":
            return reason(code, text, word)
        case "excluded":
            is_wish = UNSUBSCRIBED in str(meta.get("suppression_reason"))
            return {"reason": "EmailNoConsent" if is_wish else "EmailSuppressed"}
        case "opened" | "clicked":
            return reaction(meta.get("user_agent"))
    return {}
