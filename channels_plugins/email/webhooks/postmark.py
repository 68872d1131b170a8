"""Postmark: an event in each request, with a password of ours in the URL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    Event,
    HookRequest,
    Ignored,
    Rehearsal,
    Said,
    Secret,
    SetUp,
    Unreadable,
    Webhook,
    moment_of,
)

from ..bounces import HARD, IGNORED, SOFT, bounce, reason
from ..robots import reaction
from .base import address, handed_over, mail

RECORDS = {
    "Delivery": "delivered",
    "Open": "opened",
    "Click": "clicked",
    "SpamComplaint": "complained",
}
"""Records that say but one thing. A ``Bounce`` depends on its type."""
TIMES = {
    "Delivery": "DeliveredAt",
    "Bounce": "BouncedAt",
    "SpamComplaint": "BouncedAt",
    "Open": "ReceivedAt",
    "Click": "ReceivedAt",
    "SubscriptionChange": "ChangedAt",
}
TYPES = {
    "Transient": "deferred",
    "DnsError": "deferred",
    "BadEmailAddress": "excluded",
    "ManuallyDeactivated": "excluded",
    "SMTPApiError": "error",
    "TemplateRenderingFailed": "error",
    "Unconfirmed": "error",
    "SpamComplaint": "complained",
    "Unsubscribe": "unsubscribed",
}
"""Types of a bounce that are something else here. All others are bounces."""
CATEGORIES = {
    "HardBounce": HARD,
    "AutoResponder": IGNORED,
    "AddressChange": IGNORED,
    "ChallengeVerification": IGNORED,
    "OpenRelayTest": IGNORED,
}
"""Of a bounce without a code; the others are soft. What answers by itself stays ignored."""
EXCLUSIONS = {"BadEmailAddress": "EmailMalformedAddress", "ManuallyDeactivated": "EmailSuppressed"}
ELSEWHERE = frozenset({"Subscribe", "InboundError"})
"""Types of a bounce that are no part of a send."""
NOT_ANY = "00000000-0000-0000-0000-000000000000"
"""The message of a suppression that was made by hand."""
HANDED_OVER = frozenset({"deferred", "delivered", "bounced"})
"""Postmark says nothing of the hand-over: these imply it."""

Item = Mapping[str, Any]


class PostmarkRehearsal(Rehearsal):
    """Plays Postmark, which sends an object in each request."""

    types = (*RECORDS.values(), "deferred", "bounced", "excluded", "unsubscribed")
    most = 1
    records = {ours: theirs for theirs, ours in RECORDS.items()} | {
        "unsubscribed": "SubscriptionChange"
    }
    words = {"deferred": "Transient", "excluded": "ManuallyDeactivated"}

    def item(self, said: Said) -> Any:
        record = self.records.get(said.type, "Bounce")
        found = {
            "RecordType": record,
            "MessageID": said.message,
            "Metadata": dict(said.keys),
            TIMES[record]: said.at.isoformat(),
            "Email" if "BouncedAt" in TIMES[record] else "Recipient": said.recipient,
        }
        return found | self._details(said, record)

    def _details(self, said: Said, record: str) -> dict[str, Any]:
        kind = "SoftBounce" if said.category == SOFT else "HardBounce"
        details: dict[str, dict[str, Any]] = {
            "Bounce": {
                "Type": self.words.get(said.type, kind),
                "Details": f"smtp;550 {said.reason or '5.1.1'} refused",
            },
            "Click": {"OriginalLink": "https://example.com/"},
            "SubscriptionChange": {
                "SuppressSending": True,
                "SuppressionReason": "ManualSuppression",
            },
        }
        return details.get(record, {})

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"RecordType": "Teleport"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        (item,) = items
        return HookRequest("POST", url, self._headers(), msgspec.json.encode(item), now)


class Postmark(Webhook):
    """Postmark's webhooks of a message stream."""

    provider = "postmark"
    label = "Postmark"
    secret = Secret.BASIC
    rehearsal = PostmarkRehearsal
    set_up = SetUp(
        where=_("Servers → your server → message stream → Webhooks → Add webhook"),
        events=_(
            "Tick Delivery, Bounce, Spam complaint, Open, Link click and Subscription change, and "
            "leave the box for the first open only empty."
        ),
        keys=_("Pass lr_campaign and the others as Metadata of the message."),
    )

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        record = item.get("RecordType")
        if record == "SubscriptionChange":
            return [_subscription(item)]
        word = str(item.get("Type") or "") if record == "Bounce" else ""
        if word in ELSEWHERE:
            return [Ignored(word)]
        kind = RECORDS.get(record) or (record == "Bounce" and TYPES.get(word, "bounced"))
        if not kind:
            raise Unreadable("unknown_type")
        event = _event(item, kind, _details(item, kind, word))
        return [handed_over(event), event] if kind in HANDED_OVER else [event]


def _subscription(item: Item) -> Event | Ignored:
    """Postmark suppresses by itself too, after what is reported as a bounce or a complaint."""
    why = item.get("SuppressionReason") if item.get("SuppressSending") else None
    if why == "ManualSuppression":
        return _event(item, "unsubscribed", {})
    return Ignored(f"SubscriptionChange: {why or 'resubscribed'}")


def _event(item: Item, kind: str, dimensions: Mapping[str, str]) -> Event:
    message, tag = item.get("MessageID"), item.get("Tag")
    event = Event(
        type=kind,
        at=moment_of(item[TIMES[item["RecordType"]]]),
        recipient=address(item.get("Recipient") or item.get("Email")),
        message=message if message and message != NOT_ANY else "",
        keys=item.get("Metadata") or {},
        labels=(tag,) if tag else (),
        dimensions=dimensions,
        link=item.get("OriginalLink") or "",
    )
    return mail(event)


def _details(item: Item, kind: str, word: str) -> Mapping[str, str]:
    text = item.get("Details")
    match kind:
        case "bounced":
            category = CATEGORIES.get(word, SOFT)
            found = bounce("", text, word, hard=category == HARD)
            return {**found, "category": IGNORED} if category == IGNORED else found
        case "excluded":
            return {"reason": EXCLUSIONS[word]}
        case "deferred" | "error":
            return reason("", text, word)
        case "opened" | "clicked":
            return reaction(item.get("UserAgent"))
    return {}
