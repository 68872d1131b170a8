"""Mailtrap: batches of events, signed over the body."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Event, HookRequest, Ignored, Said, SetUp, Unreadable, instant

from ..bounces import bounce, reason
from ..robots import reaction
from .base import BodySigned, BodySigning, address, handed_over, mail

EVENTS = {
    "delivery": "delivered",
    "soft bounce": "deferred",
    "bounce": "bounced",
    "suspension": "deferred",
    "reject": "excluded",
    "open": "opened",
    "click": "clicked",
    "spam": "complained",
    "unsubscribe": "unsubscribed",
}
"""Soft bounces and what is suspended are tried again; what was rejected never left."""
UNSUBSCRIBED = "unsubscribed"
"""In the reason of a rejection for an unsubscribe."""
HANDED_OVER = frozenset({"deferred", "delivered", "bounced"})
"""Mailtrap says nothing of the hand-over: these imply it."""

Item = Mapping[str, Any]


class MailtrapRehearsal(BodySigning):
    """Plays Mailtrap."""

    types = tuple(dict.fromkeys(EVENTS.values()))
    words = {ours: theirs for theirs, ours in reversed(EVENTS.items())}

    def item(self, said: Said) -> Any:
        found = {
            "event": self.words[said.type],
            "message_id": said.message,
            "email": said.recipient,
            "timestamp": int(said.at.timestamp()),
            "event_id": f"{said.message}-{said.type}",
            "custom_variables": dict(said.keys),
            "response": f"550 {said.reason or '5.1.1'} refused",
        }
        return found | ({"url": "https://example.com/"} if said.type == "clicked" else {})

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"event": "teleport"}

    def wrapped(self, items: Sequence[Any]) -> Any:
        return {"events": items}


class Mailtrap(BodySigned):
    """Mailtrap's events of its sending streams."""

    provider = "mailtrap"
    label = "Mailtrap"
    header = "mailtrap-signature"
    rehearsal = MailtrapRehearsal
    set_up = SetUp(
        where=_("Settings → Webhooks → Create new webhook"),
        events=_("Tick all events of the stream, in the format JSON."),
        keys=_("Pass lr_campaign and the others as custom_variables of the message."),
        secret=_("The signature key that the webhook’s page shows."),
    )

    def items(self, request: HookRequest) -> Iterable[Any]:
        found = request.json()
        if not isinstance(found, dict) or not isinstance(found.get("events"), list):
            raise Unreadable
        events: list[Any] = found["events"]
        return events

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        kind = EVENTS.get(item["event"])
        if kind is None:
            raise Unreadable("unknown_type")
        category = item.get("category")
        event = Event(
            type=kind,
            at=instant(item["timestamp"]),
            recipient=address(item.get("email")),
            message=str(item.get("message_id") or ""),
            keys=item.get("custom_variables") or {},
            labels=(category,) if category else (),
            dimensions=_details(item, kind),
            link=item.get("url") or "",
        )
        found = mail(event)
        return [handed_over(found), found] if kind in HANDED_OVER else [found]


def _details(item: Item, kind: str) -> Mapping[str, str]:
    text, word = item.get("response") or item.get("reason"), item.get("bounce_category")
    match kind:
        case "bounced":
            return bounce(item.get("response_code"), text, word, hard=True)
        case "deferred":
            return reason(item.get("response_code"), text, word)
        case "excluded":
            return {"reason": "EmailNoConsent" if UNSUBSCRIBED in str(text) else "EmailSuppressed"}
        case "opened" | "clicked":
            return reaction(item.get("user_agent"))
    return {}
