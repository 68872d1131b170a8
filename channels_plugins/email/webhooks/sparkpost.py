"""SparkPost: batches of events, with a password of ours in the URL."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

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
    moment_of,
)

from ..bounces import bounce, reason
from ..robots import PREFETCHED, reaction
from .base import address, mail

EVENTS = {
    "injection": "sent",
    "delay": "deferred",
    "delivery": "delivered",
    "bounce": "bounced",
    "out_of_band": "bounced",
    "policy_rejection": "excluded",
    "generation_failure": "error",
    "generation_rejection": "error",
    "open": "opened",
    "amp_open": "opened",
    "click": "clicked",
    "amp_click": "clicked",
    "spam_complaint": "complained",
    "list_unsubscribe": "unsubscribed",
    "link_unsubscribe": "unsubscribed",
}
IGNORED = frozenset(
    {"initial_open", "amp_initial_open", "sms_status", "ab_test_completed", "ingest", "relay"}
)
HARD_CLASSES = frozenset({"10", "30"})
"""Invalid recipient · no such recipient, without a code."""
AUTOMATIC_CLASSES = frozenset({"60", "80", "100"})
"""Out of office · subscription · challenge."""
UNSUBSCRIBE_CLASS = "90"
SUPPRESSED = "address suppressed"
"""In the reason of what was not even made, as the address is on the suppression list."""

Item = Mapping[str, Any]


class SparkPostRehearsal(Rehearsal):
    """Plays SparkPost."""

    types = tuple(dict.fromkeys(EVENTS.values()))
    words = {ours: theirs for theirs, ours in reversed(EVENTS.items())}

    def item(self, said: Said) -> Any:
        return self._wrapped(said, self.words[said.type])

    def unknown(self, said: Said) -> Any:
        return self._wrapped(said, "teleport")

    def _wrapped(self, said: Said, word: str) -> dict[str, Any]:
        event = {
            "type": word,
            "timestamp": str(int(said.at.timestamp())),
            "raw_rcpt_to": said.recipient,
            "transmission_id": said.message,
            "rcpt_meta": dict(said.keys),
            "raw_reason": f"550 {said.reason or '5.1.1'} refused",
            "bounce_class": "20" if said.category == "soft" else "10",
            "target_link_url": "https://example.com/",
        }
        return {"msys": {"message_event": event}}


class SparkPost(Webhook):
    """SparkPost's webhooks."""

    provider = "sparkpost"
    label = "SparkPost"
    secret = Secret.BASIC
    rehearsal = SparkPostRehearsal
    set_up = SetUp(
        where=_("Configuration → Webhooks → Create webhook"),
        events=_("Tick all events of messages, generation, engagement and unsubscription."),
        keys=_("Pass lr_campaign and the others as metadata of the recipient."),
    )

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        classes = item["msys"]
        if not classes:
            return [Ignored("ping")]
        ((_name, found),) = classes.items()
        word = found.get("type")
        if word in IGNORED:
            return [Ignored(word)]
        kind = EVENTS.get(word)
        if kind is None:
            raise Unreadable("unknown_type")
        return [_event(found, kind)]


def _event(found: Item, kind: str) -> Event:
    kind = _kind(found, kind)
    label = found.get("campaign_id")
    event = Event(
        type=kind,
        at=_at(found.get("timestamp")),
        recipient=address(found.get("raw_rcpt_to") or found.get("rcpt_to")),
        message=str(found.get("transmission_id") or found.get("message_id") or ""),
        keys=found.get("rcpt_meta") or {},
        labels=(label,) if label else (),
        dimensions=_details(found, kind),
        link=found.get("target_link_url") or "" if kind == "clicked" else "",
        attempt=str(found.get("num_retries") or ""),
    )
    return mail(event)


def _kind(found: Item, kind: str) -> str:
    if _class_of(found) == UNSUBSCRIBE_CLASS:
        return "unsubscribed"
    return "excluded" if kind == "error" and SUPPRESSED in str(found.get("reason")) else kind


def _at(text: object) -> datetime | None:
    """Seconds since 1970, or ISO 8601 in some events."""
    written = str(text or "")
    if not written:
        return None
    return instant(written) if written.isdecimal() else moment_of(written)


def _class_of(found: Item) -> str:
    return str(found.get("bounce_class") or "")


def _details(found: Item, kind: str) -> Mapping[str, str]:
    text, word = found.get("raw_reason") or found.get("reason"), _class_of(found)
    match kind:
        case "bounced":
            made = bounce(found.get("error_code"), text, word, hard=word in HARD_CLASSES)
            return {**made, "category": "ignored"} if word in AUTOMATIC_CLASSES else made
        case "deferred" | "error":
            return reason(found.get("error_code"), text, word)
        case "excluded":
            return {"reason": "EmailSuppressed"}
        case "opened" | "clicked" if found.get("is_prefetched"):
            return PREFETCHED
        case "opened" | "clicked":
            return reaction(found.get("user_agent"))
    return {}
