"""Resend: an event in each request, signed as Svix does (Standard Webhooks under other names)."""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from secrets import token_bytes
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

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
    is_lately,
    moment_of,
)

from ..bounces import bounce, reason
from ..robots import reaction
from .base import address, mail

ID, TIME, SIGNATURE = "svix-id", "svix-timestamp", "svix-signature"
TOLERANCE = 5 * 60
EVENTS = {
    "email.sent": "sent",
    "email.delivery_delayed": "deferred",
    "email.delivered": "delivered",
    "email.bounced": "bounced",
    "email.suppressed": "excluded",
    "email.failed": "error",
    "email.opened": "opened",
    "email.clicked": "clicked",
    "email.complained": "complained",
}
IGNORED = frozenset({"email.scheduled", "email.received"})
ELSEWHERE = ("contact.", "domain.")
HARD = "Permanent"
SUPPRESSIONS = frozenset({"Suppressed", "OnAccountSuppressionList"})

Item = Mapping[str, Any]


class ResendRehearsal(Rehearsal):
    """Plays Resend."""

    types = tuple(EVENTS.values())
    most = 1
    words = {ours: theirs for theirs, ours in EVENTS.items()}

    def __init__(self, webhook: Webhook) -> None:
        super().__init__(webhook)
        self.secret = f"whsec_{b64encode(token_bytes(24)).decode()}"

    def item(self, said: Said) -> Any:
        kind = "Transient" if said.category == "soft" else "Permanent"
        message = f"550 {said.reason or '5.1.1'} refused"
        data = {
            "email_id": said.message,
            "to": [said.recipient],
            "tags": dict(said.keys),
            "bounce": {"message": message, "type": kind, "subType": "General"},
            "click": {"link": "https://example.com/"},
        }
        at = said.at.isoformat()
        return {"type": self.words[said.type], "created_at": at, "data": data}

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"type": "email.teleported"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        body = msgspec.json.encode(items[0])
        signature = StandardWebhook(self.secret).sign("msg_1", now, body.decode())
        time = str(int(now.timestamp()))
        return HookRequest("POST", url, {ID: "msg_1", TIME: time, SIGNATURE: signature}, body, now)


class Resend(Webhook):
    """Resend's webhooks."""

    provider = "resend"
    label = "Resend"
    secret = Secret.SIGNATURE
    rehearsal = ResendRehearsal
    set_up = SetUp(
        where=_("Webhooks → Add webhook"),
        events=_("Tick all events of emails."),
        keys=_("Pass lr_campaign and the others as tags of the email."),
        secret=_("The signing secret (whsec_…) that the webhook’s page shows."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        """The library compares with the clock of its own; the request's time is ours to judge."""
        signed = request.header(SIGNATURE)
        if not (signed and request.header(ID) and request.header(TIME)):
            raise Unauthorised(NO_CREDENTIALS)
        credentials.check(lambda key: _is_signed(key, request, signed))
        if not is_lately(request.header(TIME), request.received_at, TOLERANCE):
            raise Unauthorised(STALE)

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        word = item["type"]
        if word in IGNORED or word.startswith(ELSEWHERE):
            return [Ignored(word)]
        kind = EVENTS.get(word)
        if kind is None:
            raise Unreadable("unknown_type")
        data = item["data"]
        kind = "excluded" if kind == "bounced" and _is_suppressed(data) else kind
        event = Event(
            type=kind,
            at=moment_of(item["created_at"]),
            recipient=_only(data.get("to")),
            message=str(data.get("email_id") or ""),
            keys=_tags(data.get("tags")),
            dimensions=_details(data, kind),
            link=(data.get("click") or {}).get("link") or "" if kind == "clicked" else "",
        )
        return [mail(event)]


def _is_suppressed(data: Item) -> bool:
    """Reported as a bounce of a message that never left."""
    bounced = data.get("bounce") or {}
    text = str(bounced.get("message"))
    return bounced.get("subType") in SUPPRESSIONS or "suppressed sending" in text


def _only(recipients: object) -> str:
    """The recipient, if there is one: of several, Resend does not say which it is."""
    if isinstance(recipients, str):
        return address(recipients)
    return address(recipients[0]) if isinstance(recipients, list) and len(recipients) == 1 else ""


def _tags(tags: object) -> Mapping[str, Any]:
    """Resend sends an object, and has sent a list of names and values."""
    if isinstance(tags, list):
        return {one["name"]: one["value"] for one in tags}
    return tags if isinstance(tags, dict) else {}


def _details(data: Item, kind: str) -> Mapping[str, str]:
    bounced = data.get("bounce") or {}
    text, word = bounced.get("message"), bounced.get("subType") or bounced.get("type")
    match kind:
        case "bounced":
            return bounce("", text, word, hard=bounced.get("type") == HARD)
        case "deferred":
            return reason("", text, "")
        case "excluded":
            return {"reason": "EmailSuppressed"}
        case "error":
            return reason("", "", (data.get("failed") or {}).get("reason") or "failed")
        case "opened" | "clicked":
            found = data.get("click") or data.get("open") or {}
            return reaction(found.get("userAgent"))
    return {}


def _is_signed(key: str, request: HookRequest, signed: str) -> bool:
    try:
        time = datetime.fromtimestamp(int(request.header(TIME)), request.received_at.tzinfo)
        body = request.body.decode()
        made = StandardWebhook(key).sign(request.header(ID), time, body)
    except (ValueError, OverflowError, OSError, EmptyWebhookSecretError):  # also: no UTF-8
        return False
    return any(_same(made, one) for one in signed.split(" "))


def _same(made: str, given: str) -> bool:
    return hmac.compare_digest(made.encode(), given.encode("utf-8", "replace"))
