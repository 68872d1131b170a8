"""SendGrid: batches of events, signed by ECDSA over the time and the raw body."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    NO_CREDENTIALS,
    Credentials,
    Event,
    HookRequest,
    Ignored,
    Rehearsal,
    Said,
    Secret,
    SetUp,
    Unauthorised,
    Unreadable,
    Webhook,
    instant,
)

from ..bounces import bounce, reason
from ..robots import reaction
from .base import WITH_DOMAIN, address
from .public_keys import public_key, shown

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"

EVENTS = {
    "processed": "sent",
    "deferred": "deferred",
    "delivered": "delivered",
    "bounce": "bounced",
    "open": "opened",
    "click": "clicked",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
}
"""The word in ``event``, and what it is here. ``dropped`` depends on why."""
IGNORED = frozenset({"group_resubscribe", "account_status_change"})
EXCLUSIONS = {
    "bounced address": "EmailSuppressed",
    "spam reporting address": "EmailSuppressed",
    "unsubscribed address": "EmailNoConsent",
    "invalid": "EmailMalformedAddress",
}
"""Why it was dropped for the recipient's sake; every other reason is the sender's to mend."""

Item = Mapping[str, Any]


def _deferred(item: Item) -> dict[str, str]:
    return reason("", item.get("response") or item.get("reason"))


def _bounced(item: Item) -> Mapping[str, str]:
    word = item.get("type")  # bounce, or blocked: by a filter or for now
    return bounce(item.get("status"), item.get("reason"), word, hard=word == "bounce")


def _opened(item: Item) -> dict[str, str]:
    return reaction(item.get("useragent"), flagged=item.get("sg_machine_open"))


DETAILS: Mapping[str, Callable[[Item], Mapping[str, str]]] = {
    "deferred": _deferred,
    "bounced": _bounced,
    "opened": _opened,
    "clicked": _opened,
}
"""The dimensions of a type, but for the domain."""


SEEN: dict[str, dict[str, Any]] = {
    "provider": {"sg_machine_open": True},
    "prefetch": {"sg_machine_open": True},
    "proxy": {
        "useragent": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) (via ggpht.com GoogleImageProxy)"
    },
    "crawler": {"useragent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
}
"""What it says of an open by a signal, in rehearsals."""


class SendGridRehearsal(Rehearsal):
    """Plays SendGrid, with a pair of keys of its own."""

    types = (
        "sent",
        "deferred",
        "delivered",
        "bounced",
        "excluded",
        "opened",
        "clicked",
        "complained",
        "unsubscribed",
    )
    most = 2_000
    words = {ours: theirs for theirs, ours in reversed(EVENTS.items())} | {"excluded": "dropped"}

    def __init__(self, webhook: Webhook) -> None:
        super().__init__(webhook)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = shown(self.key.public_key())

    def item(self, said: Said) -> Any:
        item = dict(said.keys) | {
            "email": said.recipient,
            "timestamp": int(said.at.timestamp()),
            "event": self.words[said.type],
            "sg_event_id": f"{said.message}-{said.type}",
            "sg_message_id": said.message,
        }
        return item | self._details(said)

    def _details(self, said: Said) -> dict[str, Any]:
        text = said.reason or "5.1.1"
        kind = "blocked" if said.category == "soft" else "bounce"
        details: dict[str, dict[str, Any]] = {
            "deferred": {"response": f"451 {said.reason or '4.7.1'} try again later"},
            "bounced": {"status": text, "reason": f"550 {text} refused", "type": kind},
            "excluded": {"reason": "Bounced Address"},
            "opened": SEEN.get(said.signal, {}),
            "clicked": {"url": "https://example.com/"} | SEEN.get(said.signal, {}),
        }
        return details.get(said.type, {})

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"event": "teleported"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        time, body = str(int(now.timestamp())), msgspec.json.encode(items) + b"\r\n"
        signature = self.key.sign(time.encode() + body, ec.ECDSA(SHA256()))
        headers = {SIGNATURE: b64encode(signature).decode(), TIMESTAMP: time}
        return HookRequest("POST", url, headers, body, now)


class SendGrid(Webhook):
    """Twilio SendGrid's Event Webhook."""

    provider = "sendgrid"
    label = "SendGrid"
    secret = Secret.SIGNATURE
    rehearsal = SendGridRehearsal
    set_up = SetUp(
        where=_("Settings → Mail Settings → Event Webhooks → Create new webhook"),
        events=_("Tick all events, and switch the Signed Event Webhook on."),
        keys=_("Pass lr_campaign and the others as custom_args of the message or personalization."),
        secret=_("The verification key of the Signed Event Webhook (a public key)."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        """By the public key. An old time is good: it repeats for a day what it could not
        deliver, and what was counted is not counted again."""
        signature, time = request.header(SIGNATURE), request.header(TIMESTAMP)
        if not (signature and time):
            raise Unauthorised(NO_CREDENTIALS)
        signed = time.encode("utf-8", "replace") + request.body
        credentials.check(lambda key: _is_signed(key, signature, signed))

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        word = item["event"]
        kind = EVENTS.get(word)
        if kind is None:
            return [_other(item, word)]
        details = DETAILS.get(kind)
        return [_event(item, kind, details(item) if details else {})]


def _event(item: Item, kind: str, dimensions: Mapping[str, str]) -> Event:
    recipient = address(item["email"])
    if kind in WITH_DOMAIN:  # rather than mail(): there are thousands in a request
        domain = recipient.rpartition("@")[2]
        dimensions = {**dimensions, "domain": domain} if domain else dimensions
    labels = item.get("category") or ()
    return Event(
        kind,
        instant(item["timestamp"]),
        recipient,
        item.get("sg_message_id") or item.get("smtp-id") or "",
        item,
        (labels,) if isinstance(labels, str) else labels,
        dimensions,
        item.get("url") or "" if kind == "clicked" else "",
        str(item.get("attempt") or ""),
    )


def _other(item: Item, word: str) -> Event | Ignored:
    if word in IGNORED:
        return Ignored(word)
    if word == "dropped":
        return _event(item, *_dropped(item))
    raise Unreadable("unknown_type")


def _dropped(item: Item) -> tuple[str, Mapping[str, str]]:
    word = str(item.get("reason") or "")
    exclusion = EXCLUSIONS.get(word.strip().lower())
    if exclusion:
        return "excluded", {"reason": exclusion}
    return "error", reason(item.get("status"), word, word)


def _is_signed(key: str, signature: str, signed: bytes) -> bool:
    try:
        found = public_key(key)
        if not isinstance(found, ec.EllipticCurvePublicKey):
            return False
        found.verify(b64decode(signature), signed, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):  # also: not base64, or no such key
        return False
    return True
