"""Mailjet: an event, or a list of them, in each request, with a password of ours in the URL."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    Event,
    Ignored,
    Rehearsal,
    Said,
    Secret,
    SetUp,
    Unreadable,
    Webhook,
    instant,
)

from ..bounces import bounce, reason
from ..robots import reaction
from .base import address, handed_over, mail, object_in

EVENTS = {
    "sent": "delivered",
    "bounce": "bounced",
    "blocked": "excluded",
    "open": "opened",
    "click": "clicked",
    "spam": "complained",
    "unsub": "unsubscribed",
}
"""``sent`` is when the receiving server has taken it."""
GREYLISTED = "greylisted"
REFUSALS = frozenset(
    {
        *("sender blocked", "content blocked", "policy issue", "spam preblocked"),
        *("bad or empty template", "error in template language", "duplicate in campaign"),
        *("system issue", "protocol issue", "connection issue"),
    }
)
"""Why it was blocked that is the sender's to mend, or Mailjet's."""
EXCLUSIONS = {"typofix": "EmailMalformedAddress"}
HANDED_OVER = frozenset({"deferred", "delivered", "bounced"})
"""Mailjet says nothing of the hand-over: these imply it."""

Item = Mapping[str, Any]


class MailjetRehearsal(Rehearsal):
    """Plays Mailjet."""

    types = (*EVENTS.values(), "deferred")
    words = {ours: theirs for theirs, ours in EVENTS.items()} | {"deferred": "bounce"}

    def item(self, said: Said) -> Any:
        found = {
            "event": self.words[said.type],
            "time": int(said.at.timestamp()),
            "MessageID": said.message,
            "email": said.recipient,
            "Payload": msgspec.json.encode(said.keys).decode(),
        }
        return found | self._details(said)

    def _details(self, said: Said) -> dict[str, Any]:
        details: dict[str, dict[str, Any]] = {
            "bounced": {
                "error": "user unknown",
                "hard_bounce": said.category != "soft",
                "comment": f"550 {said.reason or '5.1.1'} refused",
            },
            "deferred": {"error": GREYLISTED, "hard_bounce": False},
            "excluded": {"error": "preblocked"},
            "clicked": {"url": "https://example.com/"},
        }
        return details.get(said.type, {})

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"event": "teleport"}


class Mailjet(Webhook):
    """Mailjet's event callbacks."""

    provider = "mailjet"
    label = "Mailjet"
    secret = Secret.BASIC
    rehearsal = MailjetRehearsal
    set_up = SetUp(
        where=_("Account settings → Event notifications (webhooks)"),
        events=_("Enter the URL for all events, and tick “Group events”."),
        keys=_("Pass lr_campaign and the others as a JSON object in EventPayload."),
    )

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        kind = EVENTS.get(item["event"])
        if kind is None:
            raise Unreadable("unknown_type")
        kind = _kind(item, kind)
        labels = (item.get("customcampaign"), item.get("CustomID"))
        event = Event(
            type=kind,
            at=instant(item["time"]),
            recipient=address(item.get("email")),
            message=str(item.get("MessageID") or ""),
            keys=object_in(item.get("Payload")),
            labels=[str(one) for one in labels if one],
            dimensions=_details(item, kind),
            link=item.get("url") or "",
        )
        found = mail(event)
        return [handed_over(found), found] if kind in HANDED_OVER else [found]


def _kind(item: Item, kind: str) -> str:
    error = item.get("error")
    if error == GREYLISTED and not _is_hard(item):
        return "deferred"
    return "error" if kind == "excluded" and error in REFUSALS else kind


def _is_hard(item: Item) -> bool:
    """Mailjet's word, which may be a text."""
    return str(item.get("hard_bounce")).lower() in ("true", "1")


def _details(item: Item, kind: str) -> Mapping[str, str]:
    error, text = item.get("error"), item.get("comment") or item.get("smtp_reply")
    match kind:
        case "bounced":
            return bounce("", text, error, hard=_is_hard(item))
        case "deferred" | "error":
            return reason("", text, error)
        case "excluded":
            return {"reason": EXCLUSIONS.get(str(error), "EmailSuppressed")}
        case "opened" | "clicked":
            return reaction(item.get("agent"))
    return {}
