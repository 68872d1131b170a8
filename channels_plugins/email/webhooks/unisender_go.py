"""Unisender Go: batches of events by user, of which the MD5 with the API key is the signature."""

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import md5
from typing import Any

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
    moment_of,
)

from ..bounces import bounce, reason
from ..robots import reaction
from .base import address, mail

STATUSES = {
    "sent": "sent",
    "soft_bounced": "deferred",
    "delivered": "delivered",
    "hard_bounced": "bounced",
    "opened": "opened",
    "clicked": "clicked",
    "spam": "complained",
    "unsubscribed": "unsubscribed",
}
"""A soft bounce is tried again."""
IGNORED = frozenset({"subscribed"})
TRANSACTIONAL = "transactional_email_status"
EXCLUSIONS = {"err_unsubscribed": "EmailNoConsent", "err_skip_letter": "EmailSuppressed"}
"""Of what never left, the delivery status."""
HARD = frozenset({"err_user_unknown", "err_user_inactive", "err_domain_inactive"})

Item = Mapping[str, Any]


class UnisenderGoRehearsal(Rehearsal):
    """Plays Unisender Go."""

    types = tuple(STATUSES.values())
    words = {ours: theirs for theirs, ours in STATUSES.items()}

    def item(self, said: Said) -> Any:
        return self._said(said, self.words[said.type])

    def unknown(self, said: Said) -> Any:
        return self._said(said, "teleported")

    def _said(self, said: Said, word: str) -> dict[str, Any]:
        return {
            "status": word,
            "job_id": said.message,
            "email": said.recipient,
            "event_time": f"{said.at:%Y-%m-%d %H:%M:%S}",
            "metadata": dict(said.keys),
            "url": "https://example.com/",
            "delivery_info": {
                "delivery_status": "err_user_unknown",
                "destination_response": f"550 {said.reason or '5.1.1'} refused",
            },
        }

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        events = [{"event_name": TRANSACTIONAL, "event_data": item} for item in items]
        users = [{"user_id": 1, "events": events}]
        unsigned = msgspec.json.encode({"auth": self.secret, "events_by_user": users})
        auth = md5(unsigned, usedforsecurity=False).hexdigest()
        body = unsigned.replace(self.secret.encode(), auth.encode())
        return HookRequest("POST", url, {"content-type": "application/json"}, body, now)


class UnisenderGo(Webhook):
    """Unisender Go's callbacks."""

    provider = "unisender_go"
    label = "Unisender Go"
    secret = Secret.SIGNATURE
    rehearsal = UnisenderGoRehearsal
    set_up = SetUp(
        where=_("Settings → Webhooks → Add webhook"),
        events=_("Tick all statuses of messages, and delivery information."),
        keys=_("Pass lr_campaign and the others as metadata of the recipient."),
        secret=_("The API key of the project, or of the account."),
    )

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        """The digest stands in the body, where the key stood when it was made."""
        auth = _auth(request)
        if not auth:
            raise Unauthorised(NO_CREDENTIALS)

        def is_signed(key: str) -> bool:
            plain = request.body.replace(auth, key.encode())
            made = md5(plain, usedforsecurity=False).hexdigest().encode()
            return hmac.compare_digest(made, auth)

        credentials.check(is_signed)

    def items(self, request: HookRequest) -> Iterable[Any]:
        found = request.json()
        if "events_by_user" not in found:
            return [found]
        return list(_events_in(found["events_by_user"]))

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        if item.get("event_name", TRANSACTIONAL) != TRANSACTIONAL:
            return [Ignored(str(item["event_name"]))]
        word = item["status"]
        if word in IGNORED:
            return [Ignored(word)]
        kind = STATUSES.get(word)
        if kind is None:
            raise Unreadable("unknown_type")
        info = item.get("delivery_info") or {}
        kind = "excluded" if info.get("delivery_status") in EXCLUSIONS else kind
        event = Event(
            type=kind,
            at=moment_of(item["event_time"]),
            recipient=address(item.get("email")),
            message=str(item.get("job_id") or ""),
            keys=item.get("metadata") or {},
            dimensions=_details(info, kind),
            link=item.get("url") or "" if kind == "clicked" else "",
        )
        return [mail(event)]


def _auth(request: HookRequest) -> bytes:
    """The digest in the body. That is read for it alone: what is signed is the bytes."""
    try:
        found = request.json()
    except Unreadable:
        return b""
    auth = found.get("auth") if isinstance(found, dict) else None
    return auth.encode("utf-8", "replace") if isinstance(auth, str) else b""


def _events_in(users: Iterable[Any]) -> Iterator[Any]:
    """The data of each event that is one of a message; the others as they are."""
    for user in users:
        for event in user["events"]:
            is_message = event.get("event_name") == TRANSACTIONAL
            yield event["event_data"] if is_message else event


def _details(info: Item, kind: str) -> Mapping[str, str]:
    text, word = info.get("destination_response"), str(info.get("delivery_status") or "")
    match kind:
        case "bounced":
            return bounce("", text, word, hard=word in HARD)
        case "deferred":
            return reason("", text, word)
        case "excluded":
            return {"reason": EXCLUSIONS[word]}
        case "opened" | "clicked":
            return reaction(info.get("user_agent"))
    return {}
