"""Brevo: an event in each request, with a password of ours in the URL."""

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
    instant_of_epoch,
)

from ..bounces import bounce, reason
from ..robots import PREFETCHED, reaction
from .base import address, mail, object_in

EVENTS = {
    "request": "sent",
    "deferred": "deferred",
    "delivered": "delivered",
    "hard_bounce": "bounced",
    "soft_bounce": "bounced",
    "blocked": "excluded",
    "invalid_email": "excluded",
    "error": "error",
    "opened": "opened",
    "unique_opened": "opened",
    "proxy_open": "opened",
    "unique_proxy_open": "opened",
    "click": "clicked",
    "spam": "complained",
    "complaint": "complained",
    "unsubscribe": "unsubscribed",
    "unsubscribed": "unsubscribed",
}
IGNORED = frozenset({"list_addition", "contact_updated", "contact_deleted"})
EXCLUSIONS = {"blocked": "EmailSuppressed", "invalid_email": "EmailMalformedAddress"}
UNSUBSCRIBED = "unsubscribed"
"""In the reason of a block that is the recipient's wish."""
CUSTOM = "X-Mailin-custom"

Item = Mapping[str, Any]


class BrevoRehearsal(Rehearsal):
    """Plays Brevo, which sends an object in each request."""

    types = tuple(dict.fromkeys(EVENTS.values()))
    most = 1
    words = {ours: theirs for theirs, ours in reversed(EVENTS.items())}

    def item(self, said: Said) -> Any:
        word = "soft_bounce" if said.category == "soft" else self.words[said.type]
        found = {
            "event": word,
            "email": said.recipient,
            "message-id": said.message,
            "ts_epoch": int(said.at.timestamp() * 1000),
            CUSTOM: msgspec.json.encode(said.keys).decode(),
            "reason": f"550 {said.reason or '5.1.1'} refused",
        }
        return found | ({"link": "https://example.com/"} if said.type == "clicked" else {})

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"event": "teleport"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        (item,) = items
        return HookRequest("POST", url, self._headers(), msgspec.json.encode(item), now)


class Brevo(Webhook):
    """Brevo's transactional webhooks."""

    provider = "brevo"
    label = "Brevo"
    secret = Secret.BASIC
    rehearsal = BrevoRehearsal
    set_up = SetUp(
        where=_("Transactional → Settings → Webhook → Add a new webhook"),
        events=_("Tick all events."),
        keys=_("Pass lr_campaign and the others as a JSON object in the header X-Mailin-custom."),
    )

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        word = item["event"]
        if word in IGNORED:
            return [Ignored(word)]
        kind = EVENTS.get(word)
        if kind is None:
            raise Unreadable("unknown_type")
        event = Event(
            type=kind,
            at=_at(item),
            recipient=address(item.get("email")),
            message=str(item.get("message-id") or ""),
            keys=object_in(item.get(CUSTOM)),
            labels=_labels(item),
            dimensions=_details(item, kind, word),
            link=item.get("link") or "",
        )
        return [mail(event)]


def _at(item: Item) -> datetime | None:
    """Some of its events have seconds. Other fields are in the zone of the account."""
    epoch = item.get("ts_epoch") or item.get("s_epoch")
    return instant_of_epoch(epoch) if epoch else None


def _labels(item: Item) -> Sequence[str]:
    """The tags, else the tag: a list, a list as JSON, or one text, as the message was sent."""
    tags = item.get("tags") or item.get("tag") or ()
    if isinstance(tags, str):
        tags = _list_in(tags) or [tags]
    return tags


def _list_in(text: str) -> Sequence[str]:
    """The list that a text holds; none if it holds anything else."""
    if not text.startswith("["):
        return ()
    try:
        return msgspec.json.decode(text, type=list[str])
    except msgspec.DecodeError:
        return ()


def _details(item: Item, kind: str, word: str) -> Mapping[str, str]:
    text = item.get("reason")
    match kind:
        case "bounced":
            return bounce("", text, word, hard=word == "hard_bounce")
        case "deferred" | "error":
            return reason("", text, word)
        case "excluded":
            is_wish = UNSUBSCRIBED in str(text)
            return {"reason": "EmailNoConsent" if is_wish else EXCLUSIONS[word]}
        case "opened" if word.endswith("proxy_open"):
            return PREFETCHED
        case "opened" | "clicked":
            return reaction(item.get("user_agent"))
    return {}
