"""Postal: an event in each request, signed with the installation's own RSA key."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
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
from .base import address, handed_over, mail
from .public_keys import public_key, shown

SIGNATURES: Mapping[str, HashAlgorithm] = {
    "x-postal-signature-256": SHA256(),
    "x-postal-signature": SHA1(),  # noqa: S303 (older releases sign with nothing else)
}
EVENTS = {
    "MessageSent": "delivered",
    "MessageDelayed": "deferred",
    "MessageDeliveryFailed": "bounced",
    "MessageBounced": "bounced",
    "MessageHeld": "excluded",
    "MessageLoaded": "opened",
    "MessageLinkClicked": "clicked",
}
IGNORED = frozenset({"DomainDNSError", "SendLimitApproaching", "SendLimitExceeded"})
OWN_REASONS = (
    *("Credential is configured to hold", "Message held because send limit"),
    *("Server is in development mode", "Message is likely spam"),
    *("Message's domain no longer exist", "Message doesn't have an RCPT to"),
)
"""How the details begin of what Postal holds or fails itself, for the sender's sake."""
HARD_FAILURES = frozenset({"HardFail"})
HANDED_OVER = frozenset({"deferred", "delivered", "bounced"})
"""Postal says nothing of the hand-over: these imply it."""

Item = Mapping[str, Any]


class PostalRehearsal(Rehearsal):
    """Plays Postal, with a pair of keys of its own."""

    types = tuple(dict.fromkeys(EVENTS.values()))
    most = 1
    words = {ours: theirs for theirs, ours in reversed(EVENTS.items())}

    def __init__(self, webhook: Webhook) -> None:
        super().__init__(webhook)
        self.key = rsa.generate_private_key(65537, 2048)
        self.secret = shown(self.key.public_key())

    def item(self, said: Said) -> Any:
        message = {"id": said.message, "to": said.recipient, "tag": said.label}
        failed = "SoftFail" if said.category == "soft" else "HardFail"
        payload = {
            "message": message,
            "status": failed,
            "details": f"550 {said.reason or '5.1.1'} refused",
            "url": "https://example.com/",
        }
        word, ts = self.words[said.type], said.at.timestamp()
        return {"event": word, "timestamp": ts, "uuid": said.message, "payload": payload}

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"event": "MessageTeleported"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        body = msgspec.json.encode(items[0])
        headers = {
            name: b64encode(self.key.sign(body, padding.PKCS1v15(), algorithm)).decode()
            for name, algorithm in SIGNATURES.items()
        }
        return HookRequest("POST", url, headers, body, now)


class Postal(Webhook):
    """The webhooks of a Postal installation."""

    provider = "postal"
    label = "Postal"
    secret = Secret.SIGNATURE
    rehearsal = PostalRehearsal
    set_up = SetUp(
        where=_("Your mail server → Webhooks → Add new webhook"),
        events=_("Tick all events of messages."),
        keys=_("Pass lr_campaign=…&lr_profile=… as the tag of the message."),
        secret=_("The public key of the installation: the p= part of its DKIM record."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        given = {name: text for name in SIGNATURES if (text := request.header(name))}
        if not given:
            raise Unauthorised(NO_CREDENTIALS)
        name, signature = next(iter(given.items()))
        credentials.check(lambda key: _is_signed(key, signature, request.body, SIGNATURES[name]))

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        payload = item.get("payload") or {}
        word = "MessageBounced" if "bounce" in payload else item["event"]  # whatever it is called
        if word in IGNORED:
            return [Ignored(word)]
        kind = EVENTS.get(word)
        if kind is None:
            raise Unreadable("unknown_type")
        if str(payload.get("details")).startswith(OWN_REASONS):
            kind = "error"
        message = payload.get("original_message") or payload["message"]
        if message.get("direction") == "incoming":
            return [Ignored("incoming")]
        tag = message.get("tag")
        event = Event(
            type=kind,
            at=instant(item["timestamp"]),
            recipient=address(message.get("to")),
            message=str(message.get("id") or ""),
            labels=(tag,) if tag else (),
            dimensions=_details(payload, kind, word),
            link=payload.get("url") or "" if kind == "clicked" else "",
        )
        found = mail(event)
        return [handed_over(found), found] if kind in HANDED_OVER else [found]


def _details(payload: Item, kind: str, word: str) -> Mapping[str, str]:
    answer, text = payload.get("output"), payload.get("details")
    match kind:
        case "bounced":
            return bounce(answer, text, word, hard=payload.get("status") in HARD_FAILURES)
        case "deferred":
            return reason(answer, text, word)
        case "error":
            return {"reason": word}
        case "excluded":
            return {"reason": "EmailSuppressed"}
        case "opened" | "clicked":
            return reaction(payload.get("user_agent"))
    return {}


def _is_signed(key: str, signature: str, body: bytes, algorithm: HashAlgorithm) -> bool:
    try:
        found = public_key(key)
        if not isinstance(found, rsa.RSAPublicKey):
            return False
        found.verify(b64decode(signature), body, padding.PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError):  # also: not base64, or no such key
        return False
    return True
