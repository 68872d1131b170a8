"""Mandrill (Mailchimp Transactional): a form with JSON in it, signed over URL and form."""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
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
from .base import address, mail

SIGNATURE, FIELD = "x-mandrill-signature", "mandrill_events"
EVENTS = {
    "send": "sent",
    "deferral": "deferred",
    "delivered": "delivered",
    "hard_bounce": "bounced",
    "soft_bounce": "bounced",
    "open": "opened",
    "click": "clicked",
    "spam": "complained",
    "unsub": "unsubscribed",
    "reject": "excluded",
}
IGNORED = frozenset({"whitelist", "blacklist", "allowlist", "denylist", "inbound"})
REJECTIONS = {"unsub": "EmailNoConsent", "invalid": "EmailMalformedAddress"}
"""Why Mandrill did not even try; every other reason is its list of addresses."""
REFUSALS = frozenset({"invalid-sender", "test-mode-limit", "unsigned", "rule"})
"""But these are the sender's to mend."""

Item = Mapping[str, Any]


class MandrillRehearsal(Rehearsal):
    """Plays Mandrill."""

    types = tuple(dict.fromkeys(EVENTS.values()))
    words = {ours: theirs for theirs, ours in reversed(EVENTS.items())}

    def item(self, said: Said) -> Any:
        word = "soft_bounce" if said.category == "soft" else self.words[said.type]
        message = {
            "_id": said.message,
            "email": said.recipient,
            "metadata": dict(said.keys),
            "diag": f"smtp;550 {said.reason or '5.1.1'} refused",
        }
        ts = int(said.at.timestamp())
        found = {"event": word, "_id": said.message, "ts": ts, "msg": message}
        return found | ({"url": "https://example.com/"} if word == "click" else {})

    def unknown(self, said: Said) -> Any:
        return self.item(said) | {"event": "teleport"}

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        form = {FIELD: msgspec.json.encode(items).decode()}
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            SIGNATURE: _signature(self.secret, url, form),
        }
        return HookRequest("POST", url, headers, urlencode(form).encode(), now)


class Mandrill(Webhook):
    """Mandrill's message events."""

    provider = "mandrill"
    label = "Mandrill"
    secret = Secret.SIGNATURE
    rehearsal = MandrillRehearsal
    set_up = SetUp(
        where=_("Settings → Webhooks → Add a webhook"),
        events=_("Tick all message events; leave the sync events."),
        keys=_("Pass lr_campaign and the others as metadata of the message."),
        secret=_("The key that the list of webhooks shows once the webhook is there."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        given = request.header(SIGNATURE)
        if not given:
            raise Unauthorised(NO_CREDENTIALS)
        try:
            form = dict(request.form)
        except Unreadable:
            form = {}
        signed = given.encode("utf-8", "replace")

        def is_signed(key: str) -> bool:
            return hmac.compare_digest(_signature(key, request.url, form).encode(), signed)

        credentials.check(is_signed)

    def items(self, request: HookRequest) -> Iterable[Any]:
        text = dict(request.form).get(FIELD, "")
        try:
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Unreadable("not_json") from error
        return found if isinstance(found, list) else [found]

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        word = item.get("event") or item.get("type")
        if word in IGNORED:
            return [Ignored(word)]
        kind = EVENTS.get(word)
        if kind is None:
            raise Unreadable("unknown_type")
        message = item["msg"]
        if kind == "excluded" and _rejection(message) in REFUSALS:
            kind = "error"
        event = Event(
            type=kind,
            at=instant(item["ts"]),
            recipient=address(message.get("email")),
            message=str(item.get("_id") or message.get("_id") or ""),
            keys=message.get("metadata") or {},
            labels=message.get("tags") or (),
            dimensions=_details(item, message, kind, word),
            link=item.get("url") or "",
        )
        return [mail(event)]


def _details(item: Item, message: Item, kind: str, word: str) -> Mapping[str, str]:
    text = message.get("diag") or item.get("diag")
    described = message.get("bounce_description")
    match kind:
        case "bounced":
            return bounce("", text, described, hard=word == "hard_bounce")
        case "deferred":
            return reason("", text or _last_answer(message), described)
        case "excluded":
            return {"reason": REJECTIONS.get(_rejection(message), "EmailSuppressed")}
        case "error":
            return {"reason": _rejection(message)}
        case "opened" | "clicked":
            return reaction(item.get("user_agent"))
    return {}


def _rejection(message: Item) -> str:
    """Why a message was rejected; its state where nothing more is said."""
    reject = message.get("reject")
    why = reject.get("reason") if isinstance(reject, dict) else reject
    return str(why or message.get("state") or "")


def _last_answer(message: Item) -> object:
    """Of the receiving server, before the message was put off."""
    answers = message.get("smtp_events") or [{}]
    return answers[-1].get("diag")


def _signature(key: str, url: str, form: Mapping[str, str]) -> str:
    """Over the URL and all fields by name, value after name."""
    signed = url + "".join(f"{name}{value}" for name, value in sorted(form.items()))
    return b64encode(hmac.digest(key.encode(), signed.encode(), "sha1")).decode()
