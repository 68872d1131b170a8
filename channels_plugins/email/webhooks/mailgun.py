"""Mailgun: an event in each request; what is signed is a time and a token, not the body."""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    NO_CREDENTIALS,
    STALE,
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
    is_lately,
    signed_with,
)

from ..bounces import bounce, reason
from ..robots import reaction
from .base import address, mail

TOLERANCE = 72 * 3_600.0
"""Seconds that a signature is good for. Requests are repeated for hours; older events are not
counted, and tokens need not be remembered for longer."""

EVENTS = {
    "accepted": "sent",
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "unsubscribed": "unsubscribed",
    "complained": "complained",
    "rejected": "error",
}
"""The word in ``event``, and what it is here. ``failed`` depends on how and why."""
IGNORED = frozenset({"stored", "list_member_uploaded", "list_member_upload_error", "list_uploaded"})
EXCLUSIONS: Mapping[object, str] = {
    "suppress-bounce": "EmailSuppressed",
    "suppress-complaint": "EmailSuppressed",
    "suppress-unsubscribe": "EmailNoConsent",
    605: "EmailSuppressed",
    606: "EmailNoConsent",
    607: "EmailSuppressed",
}
"""Reasons and codes of messages that never left, since the recipient is on a list."""
HARD_REASONS = frozenset({"bounce", "hardfail"})
"""Of failures for good; others were given up, such as when they were too ``old``."""

Item = Mapping[str, Any]


class MailgunRehearsal(Rehearsal):
    """Plays Mailgun, which sends an event in each request."""

    most = 1
    words = {ours: theirs for theirs, ours in EVENTS.items()}
    types = (*words, "deferred", "bounced", "excluded")

    def item(self, said: Said) -> Any:
        item = {
            "event": self.words.get(said.type, "failed"),
            "timestamp": said.at.timestamp(),
            "recipient": said.recipient,
            "message": {"headers": {"message-id": said.message}},
            "user-variables": dict(said.keys),
        }
        return item | self._details(said)

    def _details(self, said: Said) -> dict[str, Any]:
        code = said.reason or "5.1.1"
        status = {"delivery-status": {"code": 550, "message": f"{code} refused", "attempt-no": 1}}
        details: dict[str, dict[str, Any]] = {
            "deferred": status | {"severity": "temporary", "reason": "generic"},
            "bounced": status | {"severity": "permanent", "reason": "bounce"},
            "excluded": {"severity": "permanent", "reason": "suppress-bounce"},
            "clicked": {"url": "https://example.com/"},
            "error": {"reject": {"reason": code}},
        }
        return details.get(said.type, {})

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"event": "teleported"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        (item,) = items
        time, token = str(int(now.timestamp())), token_hex(25)
        text = hmac.digest(self.secret.encode(), f"{time}{token}".encode(), "sha256").hex()
        signature = {"timestamp": time, "token": token, "signature": text}
        body = msgspec.json.encode({"signature": signature, "event-data": item})
        return HookRequest("POST", url, {"content-type": "application/json"}, body, now)


class Mailgun(Webhook):
    """Mailgun's webhooks of a domain or an account."""

    provider = "mailgun"
    label = "Mailgun"
    secret = Secret.SIGNATURE
    rehearsal = MailgunRehearsal
    set_up = SetUp(
        where=_("Send → Sending → Webhooks → Add webhook, for the domain that sends"),
        events=_(
            "Choose all event types: accepted, delivered, temporary and permanent failure, opened, "
            "clicked, unsubscribed and spam complaints."
        ),
        keys=_("Pass lr_campaign and the others as custom variables of the message."),
        secret=_("The HTTP webhook signing key of your account (not an API key)."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        """By the time and the token in the body, which has to be read for it."""
        time, token, signature = _signature(request)
        if not (time and token and signature):
            raise Unauthorised(NO_CREDENTIALS)
        parts = [part.encode("utf-8", "replace") for part in (time, token)]
        credentials.check(lambda key: signed_with(key.encode(), signature, *parts))
        if not is_lately(time, request.received_at, TOLERANCE):
            raise Unauthorised(STALE)

    def one_time(self, request: HookRequest) -> str:
        return _signature(request)[1]

    def items(self, request: HookRequest) -> Iterable[Any]:
        """The event alone: what is kept of a request holds no token."""
        body = request.json()
        if not isinstance(body, dict) or "event-data" not in body:
            raise Unreadable
        return [body["event-data"]]

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        word = item["event"]
        if word in IGNORED:
            return [Ignored(word)]
        if word == "failed":
            return [_event(item, *_failed(item))]
        kind = EVENTS.get(word)
        if kind is None:
            raise Unreadable("unknown_type")
        return [_event(item, kind, _details(item, kind))]


def _signature(request: HookRequest) -> tuple[str, str, str]:
    """Time, token and signature; ``""`` for what is no text."""
    try:
        found = request.json()["signature"]
        time, token, signature = (found.get(k) for k in ("timestamp", "token", "signature"))
    except (Unreadable, LookupError, TypeError, AttributeError):
        return "", "", ""
    return str(time or ""), _text(token), _text(signature)


def _text(found: object) -> str:
    return found if isinstance(found, str) else ""


def _event(item: Item, kind: str, dimensions: Mapping[str, str]) -> Event:
    headers = (item.get("message") or {}).get("headers") or {}
    variables = item.get("user-variables")
    attempt = (item.get("delivery-status") or {}).get("attempt-no")
    event = Event(
        type=kind,
        at=instant(item["timestamp"]),
        recipient=address(item.get("recipient") or headers.get("to")),
        message=headers.get("message-id") or "",
        keys=variables if isinstance(variables, dict) else {},
        labels=item.get("tags") or (),
        dimensions=dimensions,
        link=item.get("url") or "" if kind == "clicked" else "",
        attempt=str(attempt or ""),
    )
    return mail(event)


def _details(item: Item, kind: str) -> Mapping[str, str]:
    if kind in ("opened", "clicked"):
        client = item.get("client-info") or {}
        return reaction(client.get("user-agent"), flagged=client.get("bot"))
    if kind == "error":
        return reason(word=(item.get("reject") or {}).get("reason"))
    return {}


def _failed(item: Item) -> tuple[str, Mapping[str, str]]:
    status = item.get("delivery-status") or {}
    code, why = status.get("code"), item.get("reason")
    texts = [code, status.get("message"), status.get("description")]
    text = " ".join(str(one) for one in texts if one)
    enhanced = status.get("enhanced-code") or status.get("bounce-code")
    if item.get("severity") == "temporary":
        return "deferred", reason(enhanced, text, code or why)
    exclusion = EXCLUSIONS.get(why) or EXCLUSIONS.get(code)
    if exclusion:
        return "excluded", {"reason": exclusion}
    return "bounced", bounce(enhanced, text, code or why, hard=why in HARD_REASONS)
